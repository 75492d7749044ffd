// A dump of a process's threads, for people and for programs.
#ifndef PROFD_USERSPACE_VIEWS_DUMP_H_
#define PROFD_USERSPACE_VIEWS_DUMP_H_

#include <string>

#include "userspace/sampling/thread_dump.h"

namespace profd {

// A paragraph for each thread, its stack from the innermost frame on. What comes from the process
// is made printable.
std::string DumpText(const ThreadDump& dump);
// An array of threads with the keys that py-spy's has, and what each waits for or could not be read
// for beside them.
std::string DumpJson(const ThreadDump& dump);

}  // namespace profd

#endif  // PROFD_USERSPACE_VIEWS_DUMP_H_
