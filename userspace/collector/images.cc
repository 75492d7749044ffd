#include "userspace/collector/images.h"

#include <spdlog/spdlog.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "symbolizer/elf/elf_file.h"
#include "symbolizer/process/abandonable.h"
#include "userspace/collector/clock.h"
#include "userspace/text/log_value.h"

namespace profd {
namespace {

// For what inotify does not tell, such as a file on another host.
constexpr absl::Duration kCheckEvery = absl::Seconds(1);
constexpr size_t kMaxKinds = 65536;  // files remembered, nearly all of them not interpreters
constexpr absl::Duration kSilence = absl::Minutes(1);  // of a file system that did not answer
constexpr size_t kMaxUnsupported = 256;                // binaries reported
constexpr int kSpareSlots = 8;      // on their way to be free, once all are taken
constexpr int kMaxLogLines = 1000;  // a tenant can make binaries without end

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

struct Inspected {
  absl::StatusOr<InterpreterImage> interpreter = absl::NotFoundError("not an ELF file");
  FileKind kind;  // without its image
};

// Takes over `fd`.
Inspected InspectFile(int fd) {
  Inspected found;
  auto elf = ElfFile::FromDescriptor(fd);
  if (!elf.ok()) return found;
  found.interpreter = InspectInterpreter(**elf);
  if ((*elf)->HasCopyRelocation("_PyRuntime")) {
    auto symbols = (*elf)->FindSymbols({"_PyRuntime"});
    if (symbols[0].has_value()) {
      found.kind.copies_runtime = true;
      found.kind.runtime_copy = symbols[0]->address;
      found.interpreter = absl::NotFoundError("the interpreter is the library");
    }
  }
  if (found.interpreter.ok() || found.kind.copies_runtime) found.kind.elf = *std::move(elf);
  return found;
}

}  // namespace

Images::Images(BpfSession* session)
    : session_(session),
      changes_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)),
      start_probes_(session, LogProbes()) {}

StartProbes::Listener Images::LogProbes() {
  return {.on =
              [this](const Image& image, size_t probes) {
                std::scoped_lock lock(mutex_);
                if (!MayLog()) return;
                spdlog::info("interpreter={} python={} probes={}", LogValue(image.path),
                             image.interpreter.version.ToString(), probes);
              },
          .off =
              [this](const Image& image) {
                std::scoped_lock lock(mutex_);
                if (!MayLog()) return;
                spdlog::info("interpreter={} changed=\"its probes are off\"", LogValue(image.path));
              }};
}

absl::Status Images::TellKernel(const Image& image, bool in_use) {
  py_image addresses = image.interpreter.addresses;
  addresses.in_use = in_use ? 1 : 0;
  return session_->SetImage(image.index, addresses);
}

void Images::TakeProbesOff(const std::shared_ptr<Image>& image, bool changed) {
  // From here on the probes of what is not this image any more register nobody.
  if (changed) (void)TellKernel(*image, /*in_use=*/false);
  Unwatch(*image);
  start_probes_.TakeOff(image, /*first=*/changed);
}

bool Images::MayLog() {
  if (log_lines_ > kMaxLogLines) return false;
  if (++log_lines_ <= kMaxLogLines) return true;
  spdlog::warn("log=\"{} lines on interpreters; no more follow\"", kMaxLogLines);
  return false;
}

std::shared_ptr<Image>* Images::FreeSlot(const std::string& path) {
  if (images_.size() < PROFD_MAX_IMAGES) {
    images_.push_back(nullptr);
    return &images_.back();
  }
  std::shared_ptr<Image>* free = nullptr;
  int spare = 0;
  std::vector<std::shared_ptr<Image>> idle;
  for (auto& image : images_) {
    if (image->processes > 0) continue;
    const ProbeState probes = image->probes;
    if (probes == ProbeState::kNone && free == nullptr) {
      free = &image;
    } else if (probes == ProbeState::kNone || probes == ProbeState::kUnwanted) {
      ++spare;
    } else {
      idle.push_back(image);
    }
  }
  if (free == nullptr && spare == 0 && idle.empty() && MayLog()) {
    spdlog::error("interpreter={} error=\"{} interpreter binaries in use at once, no room\"",
                  LogValue(path), static_cast<int>(PROFD_MAX_IMAGES));
  }
  // A probe knows its image by the slot, and goes slowly: slots are emptied ahead of need.
  for (size_t i = 0; i < idle.size() && spare < kSpareSlots; ++i, ++spare) {
    Forget(*idle[i]);
    TakeProbesOff(idle[i], /*changed=*/true);
  }
  if (free != nullptr) Forget(**free);  // others may still hold the image
  return free;
}

void Images::Unwatch(Image& image) {
  if (image.watch >= 0) inotify_rm_watch(changes_.get(), image.watch);
  image.watch = -1;
}

void Images::Forget(Image& image) {
  Unwatch(image);
  absl::erase_if(kinds_, [&](const auto& entry) { return entry.second.image.get() == &image; });
}

std::shared_ptr<Image> Images::Install(InterpreterImage interpreter, const FileIdentity& identity,
                                       const std::string& path) {
  std::shared_ptr<Image>* slot = FreeSlot(path);
  if (slot == nullptr) return nullptr;
  auto image = std::make_shared<Image>();
  image->index = slot - images_.data();
  image->identity = identity;
  image->path = path;
  image->interpreter = std::move(interpreter);
  absl::Status status = session_->SetLayout(image->index, image->interpreter.layout);
  if (status.ok()) status = TellKernel(*image, /*in_use=*/true);
  if (!status.ok()) {
    spdlog::error("interpreter={} error={}", LogValue(path), LogValue(status.message()));
    if (*slot == nullptr) images_.pop_back();
    return nullptr;
  }
  *slot = image;
  return image;
}

void Images::PutProbesOn(const std::shared_ptr<Image>& image, const ElfFile& elf) {
  image->watch = inotify_add_watch(
      changes_.get(), absl::StrCat("/proc/self/fd/", image->file.get()).c_str(), IN_MODIFY);
  for (uint64_t address : image->interpreter.start_functions) {
    auto offset = FileOffset(elf, address);
    if (offset.ok()) image->start_functions.push_back({*offset, address});
  }
  start_probes_.PutOn(image);
}

FileKind Images::Classify(pid_t pid, const std::string& path, OpenedFile file) {
  {
    std::scoped_lock lock(mutex_);
    auto known = kinds_.find(file.identity);
    if (known != kinds_.end()) return known->second;
    auto silent = silent_until_.find(file.identity);
    if (silent != silent_until_.end() && SteadyNow() < silent->second) return {};
  }
  Descriptor keep(dup(file.file.get()));
  auto descriptor = std::make_shared<Descriptor>(std::move(file.file));
  auto found = std::make_shared<Inspected>();  // a thread that is left behind has it
  auto inspect = [descriptor, found] { *found = InspectFile(descriptor->Release()); };
  absl::Status asked;
  if (file.may_block) {
    asked = RunAbandonably(pid, inspect, kPatience);
  } else {
    inspect();
  }
  if (absl::IsDeadlineExceeded(asked)) SetSilent(file.identity, path);
  if (!asked.ok()) return {};
  FileKind kind = std::move(found->kind);
  {
    std::scoped_lock lock(mutex_);
    Remember(file.identity, path, std::move(found->interpreter), std::move(keep), &kind);
  }
  // The kernel reads the file to place a probe, too.
  if (kind.image != nullptr && !file.may_block) PutProbesOn(kind.image, *kind.elf);
  return kind;
}

void Images::SetSilent(const FileIdentity& identity, const std::string& path) {
  std::scoped_lock lock(mutex_);
  if (silent_until_.size() >= kMaxKinds) silent_until_.clear();
  const bool is_new = silent_until_.insert_or_assign(identity, SteadyNow() + kSilence).second;
  if (is_new && MayLog()) {
    spdlog::warn("file={} error=\"its file system does not answer: not known to be Python yet\"",
                 LogValue(path));
  }
}

void Images::Remember(const FileIdentity& identity, const std::string& path,
                      absl::StatusOr<InterpreterImage> interpreter, Descriptor file,
                      FileKind* kind) {
  if (kinds_.size() >= kMaxKinds) {
    absl::erase_if(kinds_, [](const auto& entry) { return entry.second.image == nullptr; });
  }
  if (interpreter.ok()) {
    kind->image = Install(*std::move(interpreter), identity, path);
    if (kind->image == nullptr) return;
    kind->image->file = std::move(file);
  } else if (interpreter.status().code() == absl::StatusCode::kUnimplemented) {
    if (MayLog()) {
      spdlog::warn("interpreter={} unsupported={}", LogValue(path),
                   LogValue(interpreter.status().message()));
    }
    if (unsupported_.size() < kMaxUnsupported) {
      unsupported_.push_back({path, std::string(interpreter.status().message())});
    }
  }
  kinds_[identity] = *kind;
}

std::shared_ptr<Image> Images::At(uint32_t index) const {
  std::scoped_lock lock(mutex_);
  return index < images_.size() ? images_[index] : nullptr;
}

bool Images::IsInterpreter(const FileIdentity& file) const {
  std::scoped_lock lock(mutex_);
  auto kind = kinds_.find(file);
  return kind != kinds_.end() && kind->second.image != nullptr;
}

bool Images::InEvaluationLoop(const FileIdentity& file, uint64_t linked_address) const {
  std::scoped_lock lock(mutex_);
  auto kind = kinds_.find(file);
  if (kind == kinds_.end() || kind->second.image == nullptr) return false;
  for (const AddressRange& range : kind->second.image->interpreter.eval_loop) {
    if (linked_address >= range.start && linked_address < range.end) return true;
  }
  return false;
}

void Images::DropChanged() {
  alignas(inotify_event) char told[4096];
  bool any = false;
  while (read(changes_.get(), told, sizeof(told)) > 0) any = true;  // which one does not matter
  const absl::Duration now = SteadyNow();
  if (!any && now < check_at_) return;
  check_at_ = now + kCheckEvery;
  std::scoped_lock lock(mutex_);
  for (const std::shared_ptr<Image>& image : images_) {
    if (image == nullptr) continue;
    const ProbeState probes = image->probes;
    if (probes != ProbeState::kWanted && probes != ProbeState::kOn) continue;
    auto identity = IdentityOf(image->file.get());
    if (identity.ok() && *identity == image->identity) continue;
    // What runs it knows it by its old identity; when unlinked, its contents are the same under a
    // new change time, and only its probes may go.
    const bool unlinked = identity.ok() && image->file_deleted();
    if (auto known = kinds_.find(image->identity); unlinked && known != kinds_.end()) {
      FileKind kind = known->second;
      kinds_[*identity] = std::move(kind);
    }
    TakeProbesOff(image, /*changed=*/!unlinked);
  }
}

std::vector<Images::Unsupported> Images::unsupported() const {
  std::scoped_lock lock(mutex_);
  return unsupported_;
}

size_t Images::size() const {
  std::scoped_lock lock(mutex_);
  return images_.size();
}

}  // namespace profd
