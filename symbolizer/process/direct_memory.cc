#include "symbolizer/process/direct_memory.h"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_format.h"
#include "symbolizer/process/proc_files.h"

namespace profd {
namespace {

constexpr size_t kMaxVectors = 1024;  // UIO_MAXIOV of the kernel

// The errno of each piece; 0: it is filled. process_vm_readv stops at the first byte it cannot
// read; goes on behind that piece.
std::vector<int> ReadPieces(pid_t tid, absl::Span<const ProcessMemory::Piece> pieces) {
  std::vector<int> errors(pieces.size(), 0);
  std::vector<iovec> local, remote;
  for (size_t next = 0; next < pieces.size();) {
    const size_t end = std::min(pieces.size(), next + kMaxVectors);
    local.clear();
    remote.clear();
    for (size_t i = next; i < end; ++i) {
      const size_t bytes = pieces[i].out.size();
      local.push_back({pieces[i].out.data(), bytes});
      remote.push_back({reinterpret_cast<void*>(pieces[i].address), bytes});
    }
    const ssize_t got =
        process_vm_readv(tid, local.data(), local.size(), remote.data(), remote.size(), 0);
    const int error = got < 0 ? errno : EFAULT;
    if (error == ESRCH || error == EPERM) {
      std::fill(errors.begin() + static_cast<ptrdiff_t>(next), errors.end(), error);
      break;
    }
    auto left = static_cast<size_t>(std::max<ssize_t>(got, 0));
    while (next < end && left >= pieces[next].out.size()) left -= pieces[next++].out.size();
    if (next < end) errors[next++] = error;
  }
  return errors;
}

absl::Status StatusOfRead(int error, uint64_t address, size_t bytes) {
  if (error == 0) return absl::OkStatus();
  const std::string what = absl::StrFormat("%d bytes at %#x", bytes, address);
  if (error == EFAULT) return absl::OutOfRangeError(what);
  return ProcError(error, what);
}

}  // namespace

int ReadBytes(pid_t tid, uint64_t address, absl::Span<std::byte> out) {
  iovec local = {out.data(), out.size()};
  iovec remote = {reinterpret_cast<void*>(address), out.size()};  // never dereferenced here
  const ssize_t got = process_vm_readv(tid, &local, 1, &remote, 1, 0);
  if (got < 0) return errno;
  return static_cast<size_t>(got) == out.size() ? 0 : EFAULT;
}

absl::Status DirectMemory::Read(uint64_t address, absl::Span<std::byte> out) {
  return StatusOfRead(ReadBytes(tid_, address, out), address, out.size());
}

std::vector<absl::Status> DirectMemory::ReadEach(absl::Span<const Piece> pieces) {
  const std::vector<int> errors = ReadPieces(tid_, pieces);
  std::vector<absl::Status> result;
  result.reserve(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    result.push_back(StatusOfRead(errors[i], pieces[i].address, pieces[i].out.size()));
  }
  return result;
}

}  // namespace profd
