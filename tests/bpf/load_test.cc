// What this kernel's verifier says of the programs.
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace profd {
namespace {

constexpr uint32_t kLogStatistics = 4;   // BPF_LOG_STATS
constexpr int kVerifierLimit = 1000000;  // instructions, BPF_COMPLEXITY_LIMIT_INSNS

int Quiet(enum libbpf_print_level, const char*, va_list) { return 0; }

// Pitfall 10
TEST(Load, VerifierAcceptsBothSamplersWithRoomToSpare) {
  if (geteuid() != 0) GTEST_SKIP() << "loading BPF programs needs root";
  utsname kernel{};
  uname(&kernel);
  for (const char* name : {"sample_cpu", "sample_cpu_bounded"}) {
    const bool needs_loop = std::strcmp(name, "sample_cpu") == 0;
    if (needs_loop &&
        libbpf_probe_bpf_helper(BPF_PROG_TYPE_PERF_EVENT, BPF_FUNC_loop, nullptr) != 1) {
      std::printf("%s: not loaded, this kernel has no bpf_loop\n", name);
      continue;
    }
    libbpf_set_print(Quiet);
    std::unique_ptr<bpf_object, void (*)(bpf_object*)> object(bpf_object__open(PROFD_LINKED_OBJECT),
                                                              bpf_object__close);
    ASSERT_NE(object, nullptr);
    std::vector<char> log(1 << 20);
    bpf_program* program = nullptr;
    bool found = false;
    bpf_object__for_each_program(program, object.get()) {
      const bool ours = std::strcmp(bpf_program__name(program), name) == 0;
      bpf_program__set_autoload(program, ours);
      if (!ours) continue;
      found = true;
      bpf_program__set_log_level(program, kLogStatistics);
      bpf_program__set_log_buf(program, log.data(), log.size());
    }
    ASSERT_TRUE(found) << name;
    const int error = bpf_object__load(object.get());
    if (error == -EPERM) GTEST_SKIP() << "not allowed to load BPF programs here";
    EXPECT_EQ(error, 0) << log.data();
    std::printf("%s on Linux %s: %s", name, kernel.release, log.data());
    int processed = 0;
    const char* statistics = std::strstr(log.data(), "processed ");
    ASSERT_NE(statistics, nullptr);
    ASSERT_EQ(std::sscanf(statistics, "processed %d insns", &processed), 1);
    EXPECT_LT(processed, kVerifierLimit / 2);
  }
}

}  // namespace
}  // namespace profd
