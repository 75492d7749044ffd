// Whoever typed the command, also behind sudo.
#ifndef PROFD_USERSPACE_RECORD_INVOKING_USER_H_
#define PROFD_USERSPACE_RECORD_INVOKING_USER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "userspace/record/typed_environment.h"

namespace profd {

struct InvokingUser {
  uid_t uid = 0;
  gid_t gid = 0;
  // We are root on behalf of this user; the rest is known only then.
  bool behind_sudo = false;
  std::vector<gid_t> groups;
  std::string name;  // empty: the system knows none
  std::string home;
  // Of a command that runs as the user. `has_typed_environment`: as it was typed; else as sudo
  // kept it, PATH included.
  Environment environment;
  bool has_typed_environment = false;
};

// From SUDO_UID and SUDO_GID where we are root; else ourselves.
InvokingUser WhoInvoked();

// Turns this process, which has one thread, into the user's: IDs, groups and environment. 0 or an
// errno.
int Become(const InvokingUser& user);

}  // namespace profd

#endif  // PROFD_USERSPACE_RECORD_INVOKING_USER_H_
