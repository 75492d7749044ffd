// A recording's events, thread by thread.
#ifndef PROFD_USERSPACE_FORMATS_TRACKS_H_
#define PROFD_USERSPACE_FORMATS_TRACKS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "userspace/profile/recording.h"

namespace profd {

// One thread. In the order of time; indices into recording.events, or, where the recording has no
// times, into profile.samples().
struct Track {
  int64_t pid = 0;
  int64_t tid = 0;
  const Labels* labels = nullptr;  // the last seen; never null
  int64_t time_ns = 0;             // that it stands for
  std::vector<uint32_t> events;

  bool is_main() const { return pid == tid; }
};

// Busiest process first; in each the main thread, then the busiest.
std::vector<Track> TracksOf(const Recording& recording);

// "gunicorn 4242" and "worker 4243", with what is known of it.
std::string ProcessName(const Labels& labels);
std::string ThreadName(const Labels& labels);

}  // namespace profd

#endif  // PROFD_USERSPACE_FORMATS_TRACKS_H_
