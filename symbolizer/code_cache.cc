#include "symbolizer/code_cache.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"

namespace profd {
namespace {

constexpr size_t kMaxMemoisedLines = 4096;  // offsets are the process's word

std::vector<uint64_t> Keys(
    const absl::flat_hash_map<uint64_t, std::shared_ptr<const CodeObject>>& table) {
  std::vector<uint64_t> keys;
  keys.reserve(table.size());
  for (const auto& [tag, code] : table) keys.push_back(tag);
  return keys;
}

}  // namespace

CodeObject::CodeObject(CodeDescription description)
    : format_(description.format), hash_(HashOf(description)) {
  auto function = std::make_shared<Function>();
  function->kind = FrameKind::kPython;
  function->name = std::move(description.name);
  function->file = std::move(description.file);
  function->first_line = description.first_line;
  line_table_ = std::move(description.line_table);
  bytes_ = sizeof(*this) + sizeof(Function) + function->name.size() + function->file.size() +
           line_table_.size();
  function_ = std::move(function);
}

int CodeObject::LineOf(int lasti) const {
  if (lasti < 0) return function_->first_line;
  auto found = lines_.find(lasti);
  if (found != lines_.end()) return found->second;
  int line = LineAt(format_, line_table_, function_->first_line, lasti);
  if (line <= 0) line = function_->first_line;
  if (lines_.size() >= kMaxMemoisedLines) lines_.clear();
  lines_.emplace(lasti, line);
  return line;
}

bool CodeObject::SameAs(const CodeDescription& d) const {
  return function_->name == d.name && function_->file == d.file &&
         function_->first_line == d.first_line && format_ == d.format &&
         line_table_ == d.line_table;
}

size_t CodeObject::HashOf(const CodeDescription& d) {
  return absl::HashOf(d.name, d.file, d.first_line, d.line_table);
}

std::shared_ptr<const CodeObject> CodeCache::Intern(CodeDescription description) {
  auto found = interned_.find(description);
  if (found != interned_.end()) return *found;
  if (interned_.size() >= sweep_at_) Sweep();
  auto code = std::make_shared<const CodeObject>(std::move(description));
  interned_bytes_ += code->bytes();
  interned_.insert(code);
  return code;
}

void CodeCache::Sweep() {
  absl::erase_if(interned_, [this](const auto& code) {
    if (code.use_count() > 1) return false;
    interned_bytes_ -= code->bytes();
    return true;
  });
  sweep_at_ = std::max<size_t>(4096, interned_.size() * 2);
}

void CodeCache::MakeRoom(std::vector<uint64_t>* dropped) {
  Sweep();
  while (interned_bytes_ > kMaxBytes / 8 * 7 && !processes_.empty()) {
    auto largest = std::max_element(
        processes_.begin(), processes_.end(),
        [](const auto& a, const auto& b) { return a.second.bytes < b.second.bytes; });
    const std::vector<uint64_t> tags = Keys(largest->second.codes);
    dropped->insert(dropped->end(), tags.begin(), tags.end());
    processes_.erase(largest);
    Sweep();
  }
}

std::vector<uint64_t> CodeCache::Add(uint64_t incarnation, uint64_t tag,
                                     CodeDescription description) {
  std::vector<uint64_t> dropped;
  if (interned_bytes_ >= kMaxBytes) MakeRoom(&dropped);
  Table& table = processes_[incarnation];
  if (table.codes.size() >= kMaxTagsPerProcess || table.bytes >= kMaxBytesPerProcess) {
    const std::vector<uint64_t> tags = Keys(table.codes);
    dropped.insert(dropped.end(), tags.begin(), tags.end());
    table = Table();
  }
  auto& code = table.codes[tag];
  code = Intern(std::move(description));
  table.bytes += code->bytes();
  return dropped;
}

const CodeObject* CodeCache::Find(uint64_t incarnation, uint64_t tag) const {
  auto process = processes_.find(incarnation);
  if (process == processes_.end()) return nullptr;
  auto code = process->second.codes.find(tag);
  return code == process->second.codes.end() ? nullptr : code->second.get();
}

std::vector<uint64_t> CodeCache::Forget(uint64_t incarnation) {
  auto process = processes_.find(incarnation);
  if (process == processes_.end()) return {};
  std::vector<uint64_t> tags = Keys(process->second.codes);
  processes_.erase(process);
  return tags;
}

}  // namespace profd
