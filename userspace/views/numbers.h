// Numbers in few columns.
#ifndef PROFD_USERSPACE_VIEWS_NUMBERS_H_
#define PROFD_USERSPACE_VIEWS_NUMBERS_H_

#include <cstdint>
#include <string>

namespace profd {

// "12.3%", at most 6 columns; "0.0%" where there is nothing to have a share of.
std::string ShareCell(int64_t part, int64_t whole);
// "1.23s", "12345s", "27.8h": at most 7 columns.
std::string SecondsCell(int64_t ns);

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_NUMBERS_H_
