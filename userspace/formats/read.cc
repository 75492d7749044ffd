#include "userspace/formats/read.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/process/descriptor.h"
#include "userspace/formats/collapsed.h"
#include "userspace/formats/otlp.h"
#include "userspace/formats/wire.h"
#include "userspace/profile/gzip.h"
#include "userspace/profile/pprof.h"

namespace profd {
namespace {

absl::StatusOr<std::string> ReadAll(int fd, size_t max_bytes) {
  std::string bytes;
  struct stat status;
  if (fstat(fd, &status) != 0) return absl::ErrnoToStatus(errno, "cannot be read");
  if (S_ISDIR(status.st_mode)) return absl::InvalidArgumentError("is a directory");
  // One byte past the end is asked for, so that the last read says so.
  size_t step = size_t{64} << 10;
  if (S_ISREG(status.st_mode)) {
    step = std::min(static_cast<size_t>(status.st_size), max_bytes) + 1;
  }
  size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(size + std::max(step, size / 2));
    const ssize_t n = read(fd, bytes.data() + size, bytes.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return absl::ErrnoToStatus(errno, "cannot be read");
    if (n == 0) break;
    size += static_cast<size_t>(n);
    if (size > max_bytes) {
      return absl::ResourceExhaustedError(absl::StrCat("is larger than ", max_bytes, " bytes"));
    }
  }
  bytes.resize(size);
  return bytes;
}

// The fields of a profile of pprof that no file is without.
bool LooksLikePprof(absl::string_view bytes) {
  constexpr uint32_t kStrings = 6, kLast = 15;
  bool has_strings = false;
  WireReader reader(bytes);
  while (reader.Next()) {
    if (reader.field() > kLast) return false;
    has_strings |= reader.is(kStrings, WireReader::Type::kBytes);
  }
  return has_strings && reader.ok();
}

absl::StatusOr<Recording> DecodePlain(absl::string_view bytes, const ReadOptions& options) {
  if (bytes.empty()) return absl::InvalidArgumentError("is empty");
  absl::StatusOr<Profile> profile;
  if (LooksLikeCollapsed(bytes)) {
    profile = DecodeCollapsed(bytes, options.limits);
  } else if (LooksLikeOtlp(bytes)) {
    return DecodeOtlp(bytes, {.limits = options.limits});
  } else if (LooksLikePprof(bytes)) {
    profile = DecodePprof(bytes, {.max_uncompressed_bytes = options.max_uncompressed_bytes,
                                  .limits = options.limits});
  } else {
    return absl::InvalidArgumentError(
        "is damaged, or no profile that can be read: pprof, OTLP profiles or collapsed stacks");
  }
  if (!profile.ok()) return profile.status();
  return Recording{.profile = *std::move(profile)};
}

}  // namespace

absl::StatusOr<Recording> DecodeRecording(absl::string_view bytes, const ReadOptions& options) {
  if (!LooksLikeGzip(bytes)) return DecodePlain(bytes, options);
  absl::StatusOr<Buffer> plain = GzipDecompress(bytes, options.max_uncompressed_bytes);
  if (!plain.ok()) return plain.status();
  return DecodePlain(plain->view(), options);
}

absl::StatusOr<Recording> ReadRecording(const std::string& path, const ReadOptions& options) {
  const bool is_stdin = path == "-";
  const std::string name = is_stdin ? "standard input" : path;
  Descriptor file;
  if (!is_stdin) {
    file = Descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) {
      return absl::ErrnoToStatus(errno, absl::StrCat(name, ": cannot be opened"));
    }
  }
  absl::StatusOr<std::string> bytes =
      ReadAll(is_stdin ? STDIN_FILENO : file.get(), options.max_file_bytes);
  absl::StatusOr<Recording> recording =
      bytes.ok() ? DecodeRecording(*bytes, options) : absl::StatusOr<Recording>(bytes.status());
  if (recording.ok()) return recording;
  return absl::Status(recording.status().code(),
                      absl::StrCat(name, ": ", recording.status().message()));
}

}  // namespace profd
