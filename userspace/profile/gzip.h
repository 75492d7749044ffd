// gzip files in memory.
#ifndef PROFD_USERSPACE_PROFILE_GZIP_H_
#define PROFD_USERSPACE_PROFILE_GZIP_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace profd {

// `level` is libdeflate's, 1–12. The header carries no time: equal data makes equal bytes.
absl::StatusOr<std::string> GzipCompress(absl::string_view data, int level);

struct Buffer {
  std::unique_ptr<char[]> data;
  size_t size = 0;
  absl::string_view view() const { return {data.get(), size}; }
};

bool LooksLikeGzip(absl::string_view bytes);

// All members of the file, one after the other. RESOURCE_EXHAUSTED past max_bytes;
// INVALID_ARGUMENT when damaged.
absl::StatusOr<Buffer> GzipDecompress(absl::string_view bytes, size_t max_bytes);

}  // namespace profd

#endif  // PROFD_USERSPACE_PROFILE_GZIP_H_
