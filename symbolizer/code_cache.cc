#include "symbolizer/code_cache.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"

namespace profd {
namespace {

// Offsets are the process's word: the memo is not to outgrow the line table.
size_t MaxMemoisedLines(size_t line_table_bytes) { return 8 + line_table_bytes / 16; }

std::vector<uint64_t> Keys(
    const absl::flat_hash_map<uint64_t, std::shared_ptr<const CodeObject>>& table) {
  std::vector<uint64_t> keys;
  keys.reserve(table.size());
  for (const auto& [tag, code] : table) keys.push_back(tag);
  return keys;
}

}  // namespace

CodeObject::CodeObject(CodeDescription description)
    : format_(description.format), complete_(description.complete()), hash_(HashOf(description)) {
  auto function = std::make_shared<Function>();
  function->kind = FrameKind::kPython;
  function->name = std::move(description.name);
  function->file = std::move(description.file).value_or("");
  function->first_line = description.first_line;
  line_table_ = std::move(description.line_table);
  bytes_ = sizeof(*this) + sizeof(Function) + function->name.size() + function->file.size();
  if (line_table_.has_value()) {
    line_index_ = LineIndex(format_, *line_table_, function->first_line);
    bytes_ += line_table_->size() + line_index_.bytes();
  }
  function_ = std::move(function);
}

int CodeObject::LineOf(int lasti) const {
  if (!line_table_.has_value()) return 0;
  if (lasti < 0) return function_->first_line;
  auto found = lines_.find(lasti);
  if (found != lines_.end()) return found->second;
  int line = line_index_.LineAt(*line_table_, lasti);
  if (line <= 0) line = function_->first_line;
  if (lines_.size() >= MaxMemoisedLines(line_table_->size())) lines_.clear();
  lines_.emplace(lasti, line);
  return line;
}

bool CodeObject::SameAs(const CodeDescription& d) const {
  return function_->name == d.name && function_->file == d.file.value_or("") &&
         function_->first_line == d.first_line && format_ == d.format &&
         complete_ == d.complete() && line_table_ == d.line_table;
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
    released_bytes_ += code->bytes();
    return true;
  });
  dropped_bytes_ = 0;
  sweep_at_ = std::max<size_t>(4096, interned_.size() * 2);
}

void CodeCache::Dropped(size_t bytes) {
  dropped_bytes_ += bytes;
  if (dropped_bytes_ >= limits_.bytes / 16) Sweep();
}

void CodeCache::MakeRoom(std::vector<uint64_t>* dropped) {
  Sweep();
  while (interned_bytes_ > limits_.bytes / 8 * 7 && !processes_.empty()) {
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
  if (interned_bytes_ >= limits_.bytes) MakeRoom(&dropped);
  Table& table = processes_[incarnation];
  if (table.codes.size() >= limits_.tags_per_process || table.bytes >= limits_.bytes_per_process) {
    const std::vector<uint64_t> tags = Keys(table.codes);
    dropped.insert(dropped.end(), tags.begin(), tags.end());
    const size_t bytes = std::exchange(table, Table()).bytes;
    Dropped(bytes);
  }
  auto& code = table.codes[tag];
  if (code != nullptr && code->complete() && !description.complete()) return dropped;
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
  const size_t bytes = process->second.bytes;
  processes_.erase(process);
  Dropped(bytes);
  return tags;
}

}  // namespace profd
