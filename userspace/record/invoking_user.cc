#include "userspace/record/invoking_user.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"

namespace profd {
namespace {

constexpr int kMaxGroups = 65536;  // NGROUPS_MAX

bool IdFromEnvironment(const char* name, uint32_t* id) {
  const char* text = std::getenv(name);
  return text != nullptr && absl::SimpleAtoi(text, id) && *id != static_cast<uint32_t>(-1);
}

std::vector<gid_t> GroupsOf(const std::string& name, gid_t gid) {
  std::vector<gid_t> groups(64, gid);
  int count = static_cast<int>(groups.size());
  while (!name.empty() && getgrouplist(name.c_str(), gid, groups.data(), &count) < 0) {
    if (count > kMaxGroups) return {gid};
    groups.resize(count);
  }
  groups.resize(name.empty() ? 1 : count);
  return groups;
}

void FindEnvironment(InvokingUser* user) {
  std::optional<Environment> typed = EnvironmentBeforeSudo();
  user->has_typed_environment = typed.has_value();
  if (typed.has_value()) {
    user->environment = *std::move(typed);
    return;
  }
  user->environment = OwnEnvironment();
  if (!user->home.empty()) user->environment["HOME"] = user->home;
  if (user->name.empty()) return;
  for (const char* name : {"USER", "LOGNAME"}) user->environment[name] = user->name;
}

}  // namespace

InvokingUser WhoInvoked() {
  InvokingUser user;
  user.uid = getuid();
  user.gid = getgid();
  uint32_t uid, gid;
  if (geteuid() != 0 || !IdFromEnvironment("SUDO_UID", &uid) ||
      !IdFromEnvironment("SUDO_GID", &gid) || uid == 0) {
    return user;
  }
  user.uid = uid;
  user.gid = gid;
  user.behind_sudo = true;
  if (const passwd* entry = getpwuid(uid); entry != nullptr) {
    user.name = entry->pw_name;
    user.home = entry->pw_dir;
  }
  user.groups = GroupsOf(user.name, gid);
  FindEnvironment(&user);
  return user;
}

int Become(const InvokingUser& user) {
  if (!user.behind_sudo) return 0;
  if (setgroups(user.groups.size(), user.groups.data()) != 0) return errno;
  if (setresgid(user.gid, user.gid, user.gid) != 0) return errno;
  if (setresuid(user.uid, user.uid, user.uid) != 0) return errno;
  clearenv();
  for (const auto& [name, value] : user.environment) setenv(name.c_str(), value.c_str(), 1);
  return 0;
}

}  // namespace profd
