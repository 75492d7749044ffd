#include "symbolizer/process/within.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "symbolizer/process/abandonable.h"
#include "symbolizer/process/proc_files.h"

namespace profd {
namespace {

constexpr size_t kMaxCommandLineBytes = 4096;

bool IsOnFuse(int fd) {
  struct statfs system;
  return fstatfs(fd, &system) != 0 || system.f_type == FUSE_SUPER_MAGIC;
}

absl::StatusOr<OpenedFile> Describe(absl::StatusOr<Descriptor> file) {
  if (!file.ok()) return file.status();
  const absl::StatusOr<FileIdentity> identity = IdentityOf(file->get());
  if (!identity.ok()) return identity.status();
  const bool may_block = IsOnFuse(file->get());
  return OpenedFile{*std::move(file), *identity, may_block};
}

template <typename T>
absl::StatusOr<T> Within(pid_t pid, absl::Duration patience,
                         std::function<absl::StatusOr<T>()> call) {
  auto result = CallAbandonably<absl::StatusOr<T>>(pid, std::move(call), patience);
  if (result.has_value()) return *std::move(result);
  return absl::DeadlineExceededError(absl::StrCat("process ", pid, " keeps us waiting"));
}

}  // namespace

absl::StatusOr<std::vector<Mapping>> ReadMappingsWithin(pid_t pid, absl::Duration patience) {
  return Within<std::vector<Mapping>>(pid, patience, [pid] { return ReadMappings(pid); });
}

absl::StatusOr<std::vector<std::string>> ReadCommandLineWithin(pid_t pid, absl::Duration patience) {
  using Words = std::vector<std::string>;
  return Within<Words>(pid, patience, [pid]() -> absl::StatusOr<Words> {
    auto text = ReadProcFile(pid, "cmdline", kMaxCommandLineBytes);
    if (!text.ok()) return text.status();
    if (!text->empty() && text->back() == '\0') text->pop_back();
    return text->empty() ? Words() : Words(absl::StrSplit(*text, '\0'));
  });
}

absl::StatusOr<OpenedFile> OpenMappedFileWithin(pid_t pid, const Mapping& mapping,
                                                absl::Duration patience) {
  return Within<OpenedFile>(pid, patience,
                            [pid, mapping] { return Describe(OpenMappedFile(pid, mapping)); });
}

absl::StatusOr<std::vector<absl::StatusOr<OpenedFile>>> OpenMappedFilesWithin(
    pid_t pid, absl::Span<const Mapping> mappings, absl::Duration patience) {
  std::vector<Mapping> copy(mappings.begin(), mappings.end());
  return Within<std::vector<absl::StatusOr<OpenedFile>>>(
      pid, patience, [pid, copy = std::move(copy)] {
        std::vector<absl::StatusOr<OpenedFile>> files;
        for (const Mapping& mapping : copy) files.push_back(Describe(OpenMappedFile(pid, mapping)));
        return files;
      });
}

absl::StatusOr<OpenedFile> OpenInRootWithin(pid_t pid, const std::string& path,
                                            absl::Duration patience) {
  return Within<OpenedFile>(pid, patience, [pid, path] { return Describe(OpenInRoot(pid, path)); });
}

absl::StatusOr<OpenedFile> OnlyReadable(absl::StatusOr<OpenedFile> file) {
  if (file.ok() && file->may_block) {
    return absl::UnavailableError("on a FUSE file system: reading could block for ever");
  }
  return file;
}

}  // namespace profd
