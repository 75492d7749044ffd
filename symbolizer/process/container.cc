#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "symbolizer/process/proc_files.h"
#include "symbolizer/process/process.h"

namespace profd {
namespace {

constexpr size_t kIdDigits = 64;
constexpr size_t kMaxCgroupBytes = 64 << 10;

bool IsContainerId(absl::string_view text) {
  return text.size() == kIdDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

// Undoes systemd's escaping of unit names: "\x2d" is "-" (systemd.unit(5)).
std::string UnescapeUnit(absl::string_view name) {
  std::string result;
  while (!name.empty()) {
    uint32_t code = 0;
    if (name.size() >= 4 && absl::StartsWith(name, "\\x") && absl::ascii_isxdigit(name[2]) &&
        absl::ascii_isxdigit(name[3]) && absl::SimpleHexAtoi(name.substr(2, 2), &code)) {
      result += static_cast<char>(code);
      name.remove_prefix(4);
    } else {
      result += name.front();
      name.remove_prefix(1);
    }
  }
  return result;
}

// What one component of a cgroup path says: nothing, a container's ID, or (empty) that the process
// watches over a container from outside it.
std::optional<std::string> ContainerOf(absl::string_view component, absl::string_view parent) {
  absl::string_view name = absl::StripSuffix(component, ".scope");
  // "<id>", "docker-<id>", "cri-containerd-<id>", "crio-<id>", "libpod-<id>", and containerd
  // without systemd cgroups: "<slice>:cri-containerd:<id>".
  const size_t separator = name.find_last_of("-:");
  const absl::string_view id =
      name.substr(separator == absl::string_view::npos ? 0 : separator + 1);
  if (IsContainerId(id)) {
    if (absl::StrContains(name, "conmon")) return "";
    return std::string(id);
  }
  if (absl::StartsWith(component, "lxc.monitor")) return "";
  if (absl::ConsumePrefix(&component, "lxc.payload.")) return std::string(component);
  if (parent == "lxc" || parent == "lxc.payload") return std::string(component);
  // Virtual machines are registered with systemd-machined too.
  if (absl::StartsWith(name, "machine-qemu\\x2d")) return "";
  if (component.size() != name.size() && absl::ConsumePrefix(&name, "machine-")) {
    return UnescapeUnit(name);
  }
  if (absl::ConsumePrefix(&component, "systemd-nspawn@") &&
      absl::ConsumeSuffix(&component, ".service")) {
    return UnescapeUnit(component);
  }
  return std::nullopt;
}

std::optional<std::string> ContainerOfPath(absl::string_view path) {
  absl::string_view parent;
  for (absl::string_view component : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    if (std::optional<std::string> found = ContainerOf(component, parent)) {
      // systemd-nspawn itself, beside its "payload".
      return absl::EndsWith(path, "/supervisor") ? "" : found;
    }
    parent = component;
  }
  return std::nullopt;
}

}  // namespace

std::string ContainerIdFromCgroup(absl::string_view cgroup_text) {
  for (absl::string_view line : absl::StrSplit(cgroup_text, '\n', absl::SkipEmpty())) {
    // "hierarchy:controllers:path"; the path may hold colons (cgroups(7)).
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3) continue;
    if (std::optional<std::string> found = ContainerOfPath(fields[2])) return *found;
  }
  return "";
}

std::string ContainerId(pid_t pid) {
  absl::StatusOr<std::string> text = ReadProcFile(pid, "cgroup", kMaxCgroupBytes);
  return text.ok() ? ContainerIdFromCgroup(*text) : "";
}

}  // namespace profd
