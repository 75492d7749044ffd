#include "userspace/profile/gzip.h"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace profd {
namespace {

// No DEFLATE stream expands further than 1032:1 (https://zlib.net/zlib_tech.html).
constexpr size_t kMaxRatio = 1032;

struct FreeCompressor {
  void operator()(libdeflate_compressor* c) const { libdeflate_free_compressor(c); }
};
struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};

// A buffer that grows by doubling and leaves its pages untouched until they are written.
struct Growing {
  Buffer buffer;
  size_t capacity = 0;

  void Grow(size_t wanted) {
    auto grown = std::make_unique_for_overwrite<char[]>(wanted);
    if (buffer.size != 0) std::memcpy(grown.get(), buffer.data.get(), buffer.size);
    buffer.data = std::move(grown);
    capacity = wanted;
  }
};

// The last member's size modulo 2^32, as its writer claims.
size_t ClaimedSize(absl::string_view bytes) {
  if (bytes.size() < 4) return 0;
  size_t size = 0;
  for (size_t i = 0; i < 4; ++i) {
    size |= size_t{static_cast<unsigned char>(bytes[bytes.size() - 4 + i])} << (8 * i);
  }
  return size;
}

}  // namespace

absl::StatusOr<std::string> GzipCompress(absl::string_view data, int level) {
  const std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor(
      libdeflate_alloc_compressor(level));
  if (compressor == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat("no gzip compressor of level ", level));
  }
  const size_t bound = libdeflate_gzip_compress_bound(compressor.get(), data.size());
  const auto out = std::make_unique_for_overwrite<char[]>(bound);
  const size_t bytes =
      libdeflate_gzip_compress(compressor.get(), data.data(), data.size(), out.get(), bound);
  if (bytes == 0) return absl::InternalError("gzip: the output did not fit its own bound");
  return std::string(out.get(), bytes);
}

bool LooksLikeGzip(absl::string_view bytes) { return absl::StartsWith(bytes, "\x1f\x8b"); }

absl::StatusOr<Buffer> GzipDecompress(absl::string_view bytes, size_t max_bytes) {
  const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  if (decompressor == nullptr) return absl::ResourceExhaustedError("gzip: out of memory");
  const size_t possible = std::min(max_bytes, bytes.size() * kMaxRatio);
  Growing out;
  // One byte more than claimed, never 0.
  out.Grow(std::min(ClaimedSize(bytes), possible) + 1);
  do {
    size_t used = 0;
    size_t written = 0;
    const libdeflate_result result = libdeflate_gzip_decompress_ex(
        decompressor.get(), bytes.data(), bytes.size(), out.buffer.data.get() + out.buffer.size,
        out.capacity - out.buffer.size, &used, &written);
    if (result == LIBDEFLATE_INSUFFICIENT_SPACE) {
      if (out.capacity > possible) {
        return absl::ResourceExhaustedError(
            absl::StrCat("gzip: larger than ", max_bytes, " bytes when uncompressed"));
      }
      out.Grow(std::min(std::max<size_t>(4096, out.capacity * 2), possible + 1));
      continue;
    }
    if (result != LIBDEFLATE_SUCCESS) return absl::InvalidArgumentError("gzip: damaged data");
    out.buffer.size += written;
    bytes.remove_prefix(used);
  } while (!bytes.empty());
  if (out.buffer.size > max_bytes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("gzip: larger than ", max_bytes, " bytes when uncompressed"));
  }
  return std::move(out.buffer);
}

}  // namespace profd
