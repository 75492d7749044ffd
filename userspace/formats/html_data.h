// What the page reads: one recording as a line of JSON and columns of numbers.
//
//   recording = JSON "\n" strings column*   ; the JSON names each section and its bytes, in order
//   strings   = UTF-8, each ended by NUL
//   column    = LEB128 varint*
//
//   functions.name, .file, .pkg, .kind, .line: names are indices into strings; classes of frame
//   functions.key, .place: in differences only; equal for functions that are paired, numbered over
//       both sides as they come; the file by which functions are grouped
//   locations.fn, .line: sorted
//   nodes.up, .loc: the prefix tree of all stacks, outermost frame first, in preorder, siblings by
//       location. `up`: levels above the node before it to hang from; node 0 is the root, of no
//       location
//   labels.pid, .tid, .comm, .thread, .python, .container
//   samples.node, .labels, .count: in the order of nodes; each node less the one before
//   cpu.at, .beyond: samples whose CPU time is not count * period_ns, each less the one before;
//       zigzag of the difference in ns
//   wall.at, .beyond: likewise; none where there is no wall time
//   events.time, .sample: quanta since the event before, from first_ms on; index into samples
//   ticks.at, .count: events that stand for more than one period; each less the one before
#ifndef PROFD_USERSPACE_FORMATS_HTML_DATA_H_
#define PROFD_USERSPACE_FORMATS_HTML_DATA_H_

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "userspace/profile/recording.h"

namespace profd {

// In two parts, since the first picture needs no times.
struct PageData {
  std::string stacks;  // the JSON and all sections up to events.time
  std::string times;   // the others; "" where there are no times
};

// The numbers of the functions of a difference by what pairs them (PairingKey).
using PairNumbers = absl::flat_hash_map<std::string, uint32_t>;

// `pairs`: of both sides of a difference, or null.
PageData EncodePageData(const Recording& recording, absl::string_view name,
                        PairNumbers* pairs = nullptr);

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_HTML_DATA_H_
