// Numbers as tables show them.
#ifndef PROFD_USERSPACE_CLI_NUMBERS_H_
#define PROFD_USERSPACE_CLI_NUMBERS_H_

#include <cstdint>
#include <string>

#include "userspace/analysis/measure.h"

namespace profd {

std::string ShareText(double share);                      // "14.0%", "0.35%"
std::string SecondsText(double seconds);                  // "2.83s", "5.1ms", "12.5h"
std::string CoresText(double cores);                      // "0.14"
std::string WeightText(int64_t weight, Measure measure);  // seconds, or a count
// "+1.23", "-0.40"; what is 0 in these digits has no sign: "0.00".
std::string SignedText(double value, int digits);

}  // namespace profd

#endif  // PROFD_USERSPACE_CLI_NUMBERS_H_
