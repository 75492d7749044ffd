// What several formats say of a sample in the same words.
#ifndef PROFD_USERSPACE_FORMATS_FRAME_TEXT_H_
#define PROFD_USERSPACE_FORMATS_FRAME_TEXT_H_

#include <cstdint>
#include <string>

#include "symbolizer/frame.h"
#include "userspace/formats/format.h"
#include "userspace/profile/profile.h"

namespace profd {

inline constexpr char kUnnamed[] = "[unknown]";

// The line to show with a frame; 0: none.
int ShownLine(const Function& function, int line, FrameLines lines);

// "name (file:line)", as far as these are known. Any bytes.
std::string FrameText(const Function& function, int line, FrameLines lines);

// `process 4242:"gunicorn"` and `thread 4243:"worker-1"`, as far as these are known. Any bytes.
std::string ProcessText(const Labels& labels);
std::string ThreadText(const Labels& labels);

// The time that a sample stands for: on a CPU, or in a profile of waiting on the wall's clock.
int64_t TimeNs(const Profile::Sample& sample);

// That time in periods, never less than one for a sample that has any weight; where the period is
// not known, how often it was seen.
int64_t Periods(const Profile::Sample& sample, int64_t period_ns);

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_FRAME_TEXT_H_
