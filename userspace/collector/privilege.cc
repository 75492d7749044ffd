#include "userspace/collector/privilege.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace profd {
namespace {

constexpr char kHint[] =
    "\nhint: run it with sudo, or grant the program its capabilities: sudo setcap "
    "cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search,cap_checkpoint_restore,cap_syslog,"
    "cap_sys_resource,cap_sys_nice+ep $(command -v profd)";

uint64_t EffectiveCapabilities() {
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (syscall(SYS_capget, &header, data) != 0) return 0;
  return uint64_t{data[1].effective} << 32 | data[0].effective;
}

bool LockedDown() {
  std::ifstream file("/sys/kernel/security/lockdown");
  std::string modes;
  std::getline(file, modes);
  return absl::StrContains(modes, "[confidentiality]");
}

std::string KernelRelease() {
  utsname name = {};
  uname(&name);
  return name.release;
}

}  // namespace

absl::Status CheckPrivilege() {
  const uint64_t effective = EffectiveCapabilities();
  auto has = [effective](int capability) { return (effective >> capability & 1) != 0; };
  if (!has(CAP_SYS_ADMIN)) {
    std::string missing;
    if (!has(CAP_BPF)) absl::StrAppend(&missing, " CAP_BPF");
    if (!has(CAP_PERFMON)) absl::StrAppend(&missing, " CAP_PERFMON");
    if (!has(CAP_SYS_PTRACE)) absl::StrAppend(&missing, " CAP_SYS_PTRACE");
    if (!missing.empty()) {
      return absl::PermissionDeniedError(absl::StrCat(
          "sampling other processes needs a capability that is missing:", missing, kHint));
    }
  } else if (!has(CAP_SYS_PTRACE)) {
    return absl::PermissionDeniedError(absl::StrCat(
        "reading other processes needs a capability that is missing: CAP_SYS_PTRACE", kHint));
  }
  if (LockedDown()) {
    return absl::PermissionDeniedError(
        "this kernel is locked down (confidentiality): it lets no program read other processes\n"
        "hint: boot without lockdown=confidentiality; lockdown=integrity is no obstacle");
  }
  if (access("/sys/kernel/btf/vmlinux", R_OK) != 0) {
    return absl::UnimplementedError(absl::StrCat(
        "this kernel (", KernelRelease(),
        ") has no type information: /sys/kernel/btf/vmlinux is missing\n"
        "hint: use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as all distributions' are"));
  }
  return absl::OkStatus();
}

absl::Status ExplainLoadFailure(int error) {
  const std::string what = absl::StrCat("the kernel (", KernelRelease(),
                                        ") refused the BPF programs: ", std::strerror(error));
  if (error == EPERM) return absl::PermissionDeniedError(absl::StrCat(what, kHint));
  if (error == EACCES) {  // the privilege was there, see CheckPrivilege()
    return absl::UnimplementedError(absl::StrCat(
        what,
        " (its verifier)\nhint: profd --all-python --log-level trace shows why; please report it"));
  }
  return absl::UnimplementedError(absl::StrCat(what, "\nhint: profd needs Linux 5.10 or later"));
}

}  // namespace profd
