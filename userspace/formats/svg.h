// A flame graph as one SVG: opens in any browser, loads nothing, and shows itself without script.
#ifndef PROFD_USERSPACE_FORMATS_SVG_H_
#define PROFD_USERSPACE_FORMATS_SVG_H_

#include <string>

#include "userspace/formats/format.h"

namespace profd {

// By function unless options.lines says otherwise; a function that calls itself is one frame.
// With script: a click (or Enter) zooms, "/" searches in all frames that are drawn. Frames too
// narrow to see are left out and counted below the graph.
std::string EncodeSvg(const Profile& profile, const FormatOptions& options = {});

// The stacks of `after`, a frame as wide as there, its colour the change of its share since
// `before`: red where it takes more, blue where less, grey where sample counts alone explain it.
// Frames are paired as profctl diff pairs names. What is gone is counted below the graph.
std::string EncodeDiffSvg(const Profile& before, const Profile& after,
                          const FormatOptions& options = {});

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_SVG_H_
