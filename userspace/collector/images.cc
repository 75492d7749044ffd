#include "userspace/collector/images.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "absl/status/status.h"
#include "symbolizer/elf/elf_file.h"
#include "userspace/text/log_value.h"

namespace profd {
namespace {

constexpr size_t kMaxKinds = 65536;       // files remembered, nearly all of them not interpreters
constexpr size_t kMaxUnsupported = 256;   // binaries reported
constexpr int kMaxLogLines = 1000;        // a tenant can make binaries without end

// File offset of a linked address; probes are placed by it.
absl::StatusOr<uint64_t> FileOffset(const ElfFile& elf, uint64_t address) {
  for (const ElfSegment& segment : elf.segments()) {
    if (segment.executable && address >= segment.address &&
        address - segment.address < segment.file_size) {
      return address - segment.address + segment.offset;
    }
  }
  return absl::NotFoundError("address outside of the executable segments");
}

}  // namespace

bool Images::MayLog() {
  if (log_lines_ > kMaxLogLines) return false;
  if (++log_lines_ <= kMaxLogLines) return true;
  spdlog::warn("log=\"{} lines on interpreters; no more follow\"", kMaxLogLines);
  return false;
}

std::shared_ptr<Image>* Images::FreeSlot() {
  if (images_.size() < PROFD_MAX_IMAGES) {
    images_.push_back(nullptr);
    return &images_.back();
  }
  for (auto& image : images_) {
    if (image->processes > 0) continue;
    kinds_.erase(image->identity);
    return &image;
  }
  return nullptr;
}

std::shared_ptr<Image> Images::Install(InterpreterImage interpreter, const ElfFile& elf,
                                       const FileIdentity& identity, const std::string& path) {
  std::shared_ptr<Image>* slot = FreeSlot();
  if (slot == nullptr) {
    if (MayLog()) {
      spdlog::error("interpreter={} error=\"{} interpreter binaries in use at once, no room\"",
                    LogValue(path), PROFD_MAX_IMAGES);
    }
    return nullptr;
  }
  auto image = std::make_shared<Image>();
  image->index = slot - images_.data();
  image->identity = identity;
  image->path = path;
  image->interpreter = std::move(interpreter);
  py_image kernel_image = image->interpreter.addresses;
  kernel_image.in_use = 1;
  absl::Status status = session_->SetLayout(image->index, image->interpreter.layout);
  if (status.ok()) status = session_->SetImage(image->index, kernel_image);
  if (!status.ok()) {
    spdlog::error("interpreter={} error={}", LogValue(path), LogValue(status.message()));
    if (*slot == nullptr) images_.pop_back();
    return nullptr;
  }
  for (uint64_t address : image->interpreter.start_functions) {
    auto offset = FileOffset(elf, address);
    if (!offset.ok()) continue;
    auto probe = session_->AttachStartProbe(elf.descriptor(), *offset, address, image->index);
    if (probe.ok()) {
      image->probes.push_back(*std::move(probe));
      image->probed = true;
    } else {
      spdlog::debug("interpreter={} probe_error={}", LogValue(path),
                    LogValue(probe.status().message()));
    }
  }
  *slot = image;
  if (MayLog()) {
    spdlog::info("interpreter={} python={} probes={}", LogValue(path),
                 image->interpreter.version.ToString(), image->probes.size());
  }
  return image;
}

absl::StatusOr<FileKind> Images::Classify(pid_t pid, const Mapping& mapping) {
  auto file = OpenMappedFile(pid, mapping);
  if (!file.ok()) return file.status();
  auto identity = IdentityOf(file->get());
  if (!identity.ok()) return identity.status();
  {
    absl::MutexLock lock(&mutex_);
    auto known = kinds_.find(*identity);
    if (known != kinds_.end()) return known->second;
  }
  FileKind kind;
  const int kept = dup(file->get());
  auto elf = ElfFile::FromDescriptor(file->Release());
  absl::StatusOr<InterpreterImage> interpreter = absl::NotFoundError("not an ELF file");
  if (elf.ok()) {
    interpreter = InspectInterpreter(**elf);
    if ((*elf)->HasCopyRelocation("_PyRuntime")) {
      auto symbols = (*elf)->FindSymbols({"_PyRuntime"});
      if (symbols[0].has_value()) {
        kind.copies_runtime = true;
        kind.runtime_copy = symbols[0]->address;
        interpreter = absl::NotFoundError("the interpreter is the library");
      }
    }
  }
  Descriptor keep(kept);

  absl::MutexLock lock(&mutex_);
  if (kinds_.size() >= kMaxKinds) {
    absl::erase_if(kinds_, [](const auto& entry) { return entry.second.image == nullptr; });
  }
  if (auto known = kinds_.find(*identity); known != kinds_.end()) return known->second;
  if (interpreter.ok()) {
    kind.image = Install(*std::move(interpreter), **elf, *identity, mapping.path);
    if (kind.image == nullptr) return kind;
    kind.image->file = std::move(keep);
  } else if (interpreter.status().code() == absl::StatusCode::kUnimplemented) {
    if (MayLog()) {
      spdlog::warn("interpreter={} unsupported={}", LogValue(mapping.path),
                   LogValue(interpreter.status().message()));
    }
    if (unsupported_.size() < kMaxUnsupported) {
      unsupported_.push_back({mapping.path, std::string(interpreter.status().message())});
    }
  }
  kinds_[*identity] = kind;
  return kind;
}

std::shared_ptr<Image> Images::At(uint32_t index) const {
  absl::MutexLock lock(&mutex_);
  return index < images_.size() ? images_[index] : nullptr;
}

bool Images::IsInterpreter(const FileIdentity& file) const {
  absl::MutexLock lock(&mutex_);
  auto kind = kinds_.find(file);
  return kind != kinds_.end() && kind->second.image != nullptr;
}

bool Images::InEvaluationLoop(const FileIdentity& file, uint64_t linked_address) const {
  absl::MutexLock lock(&mutex_);
  auto kind = kinds_.find(file);
  if (kind == kinds_.end() || kind->second.image == nullptr) return false;
  for (const AddressRange& range : kind->second.image->interpreter.eval_loop) {
    if (linked_address >= range.start && linked_address < range.end) return true;
  }
  return false;
}

void Images::DropChanged() {
  absl::MutexLock lock(&mutex_);
  for (const std::shared_ptr<Image>& image : images_) {
    if (image == nullptr || !image->probed) continue;
    auto now = IdentityOf(image->file.get());
    // An unlinked file changes its change time, not its contents.
    if (now.ok() && (now->size == image->identity.size &&
                     now->change_time_ns == image->identity.change_time_ns)) {
      continue;
    }
    if (MayLog()) {
      spdlog::info("interpreter={} changed=\"its probes are taken off\"", LogValue(image->path));
    }
    image->probes.clear();
    image->probed = false;
    kinds_.erase(image->identity);
  }
}

std::vector<Images::Unsupported> Images::unsupported() const {
  absl::MutexLock lock(&mutex_);
  return unsupported_;
}

size_t Images::size() const {
  absl::MutexLock lock(&mutex_);
  return images_.size();
}

}  // namespace profd
