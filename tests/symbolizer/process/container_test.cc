#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "symbolizer/process/process.h"

namespace profd {
namespace {

const std::string kId = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kOther(64, 'a');

struct Case {
  const char* name;
  std::string text;
  std::string expected;
};

class Container : public testing::TestWithParam<Case> {};

TEST_P(Container, IdComesFromCgroup) {
  EXPECT_EQ(ContainerIdFromCgroup(GetParam().text), GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(
    Runtimes, Container,
    testing::Values(
        Case{"docker_v1", absl::StrCat("12:cpuset:/\n11:memory:/docker/", kId, "\n0::/\n"), kId},
        Case{"docker_v2", absl::StrCat("0::/docker/", kId, "\n"), kId},
        Case{"docker_systemd", absl::StrCat("0::/system.slice/docker-", kId, ".scope\n"), kId},
        Case{"docker_inner_systemd",
             absl::StrCat("0::/docker/", kId, "/system.slice/nginx.service\n"), kId},
        Case{"containerd_cgroupfs",
             absl::StrCat("0::/kubepods/burstable/pod12345678-1234-1234-1234-123456789abc/", kId),
             kId},
        Case{"containerd_systemd",
             absl::StrCat("0::/kubepods.slice/kubepods-burstable.slice/"
                          "kubepods-burstable-pod12345678_1234.slice/cri-containerd-",
                          kId, ".scope"),
             kId},
        Case{"containerd_colons",
             absl::StrCat("11:cpu:/system.slice/containerd.service/"
                          "kubepods-besteffort-pod12345678_1234.slice:cri-containerd:",
                          kId),
             kId},
        Case{"crio", absl::StrCat("0::/kubepods.slice/kubepods-pod1.slice/crio-", kId, ".scope/a"),
             kId},
        Case{"crio_monitor",
             absl::StrCat("0::/kubepods.slice/kubepods-pod1.slice/crio-conmon-", kId, ".scope"),
             ""},
        Case{"podman", absl::StrCat("0::/machine.slice/libpod-", kId, ".scope/container"), kId},
        Case{"podman_rootless",
             absl::StrCat("0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-",
                          kId, ".scope"),
             kId},
        Case{"podman_monitor", absl::StrCat("0::/machine.slice/libpod-conmon-", kId, ".scope"), ""},
        Case{"other_cgroup_namespace",
             absl::StrCat("0::/../../pod1/cri-containerd-", kId, ".scope"), kId},
        Case{"lxc_v1", "5:memory:/lxc/web-1/system.slice\n", "web-1"},
        Case{"lxc_payload", "0::/lxc.payload.web-1/init.scope\n", "web-1"},
        Case{"lxc_monitor", "0::/lxc.monitor.web-1\n", ""},
        Case{"nspawn_machine", "0::/machine.slice/machine-debian\\x2dtree.scope/payload\n",
             "debian-tree"},
        Case{"nspawn_service", "0::/machine.slice/systemd-nspawn@web.service/payload/init.scope\n",
             "web"},
        Case{"nspawn_itself", "0::/machine.slice/systemd-nspawn@web.service/supervisor\n", ""},
        Case{"virtual_machine", "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/emulator\n", ""},
        Case{"forged_inner_name", absl::StrCat("0::/docker/", kId, "/", kOther), kId},
        Case{"host", "0::/system.slice/ssh.service\n", ""},
        Case{"slice_only", "0::/kubepods.slice/kubepods-pod12345678_1234.slice\n", ""},
        Case{"too_short", absl::StrCat("0::/docker/", kId.substr(1)), ""},
        Case{"too_long", absl::StrCat("0::/docker/", kId, "0"), ""},
        Case{"not_hex", absl::StrCat("0::/docker/", kId.substr(1), "g"), ""},
        Case{"no_path", "0::", ""}, Case{"garbage", "\n:\n::\nabc\n", ""}, Case{"empty", "", ""}),
    [](const testing::TestParamInfo<Case>& info) { return std::string(info.param.name); });

TEST(ContainerId, OfAProcessThatHasGoneIsEmpty) { EXPECT_EQ(ContainerId(0x7ffffff0), ""); }

}  // namespace
}  // namespace profd
