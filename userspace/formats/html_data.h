// What the page reads: one recording as a line of JSON and compact streams of numbers.
//
//   recording = JSON "\n" section*         ; the JSON names each section and its bytes, in order:
//                                          ; first those of `stacks`, then those of `times`
//   strings   = UTF-8, each ended by NUL
//   functions = (name, file, package, class, first line)*      ; names are indices into strings
//   locations = (function, line)*
//   nodes     = (up, location)*            ; the prefix tree of all stacks, outermost frame first,
//                                          ; in preorder. `up`: levels above the node before it
//                                          ; to hang from; node 0 is the root and not written
//   labels    = (pid, tid, comm, thread, python, container)*
//   samples   = (node - the one before's, labels, count, cpu, wall)*; in the order of nodes;
//                                          ; times: zigzag of ns - count * period_ns
//   times     = quanta since the event before, from start_ms on
//   events    = index into samples, one for each of times
//   ticks     = (event - the one before's, periods)* of the events that stand for more than one
//
// All numbers are LEB128 varints.
#ifndef PROFD_USERSPACE_FORMATS_HTML_DATA_H_
#define PROFD_USERSPACE_FORMATS_HTML_DATA_H_

#include <string>

#include "absl/strings/string_view.h"
#include "userspace/profile/recording.h"

namespace profd {

// In two parts, since the first picture needs no times.
struct PageData {
  std::string stacks;  // the JSON and all sections up to samples
  std::string times;   // the others; "" where there are no times
};
PageData EncodePageData(const Recording& recording, absl::string_view name);

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_HTML_DATA_H_
