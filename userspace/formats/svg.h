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

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_SVG_H_
