#include "tests/symbolizer/cpython/python_target.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "symbolizer/cpython/layouts.h"
#include "symbolizer/process/remote_memory.h"

namespace profd::testing {
namespace {

absl::StatusOr<py_layout> LayoutOf(ProcessMemory& memory, const PythonVersion& version,
                                   uint64_t runtime) {
  if (version.minor < 13) return LayoutForVersion(version);
  std::vector<std::byte> bytes(kDebugOffsetsMaxBytes);
  absl::Status status = memory.Read(runtime, absl::MakeSpan(bytes));
  if (!status.ok()) return status;
  return LayoutFromDebugOffsets(bytes);
}

}  // namespace

void StartTarget(const Interpreter& interpreter, const std::string& script, PythonTarget& target) {
  target.program = std::make_unique<PythonProgram>(
      interpreter, Script("describe_interpreter.py") + Script(script));
  const std::string line = target.program->ReadLine();
  unsigned long version_hex = 0;
  int free_threaded = 0;
  unsigned long runtime = 0;
  ASSERT_EQ(sscanf(line.c_str(), "%lx %d %lx %lx", &version_hex, &free_threaded,
                   &target.interpreter, &runtime),
            4)
      << line;
  auto memory = RemoteMemory::Create(target.program->pid());
  ASSERT_TRUE(memory.ok()) << memory.status();
  target.memory = *std::move(memory);
  PythonVersion version = VersionFromHex(version_hex);
  version.free_threaded = free_threaded != 0;
  const absl::StatusOr<py_layout> layout = LayoutOf(*target.memory, version, runtime);
  ASSERT_TRUE(layout.ok()) << layout.status();
  target.layout = *layout;
}

std::string FromHex(absl::string_view hex) {
  return hex == "-" ? std::string() : absl::HexStringToBytes(hex);
}

}  // namespace profd::testing
