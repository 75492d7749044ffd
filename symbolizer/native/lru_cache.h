// Values by key, the least recently used dropped when together they take too many bytes.
#ifndef PROFD_SYMBOLIZER_NATIVE_LRU_CACHE_H_
#define PROFD_SYMBOLIZER_NATIVE_LRU_CACHE_H_

#include <cstddef>
#include <list>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace profd {

// `Value` has `size_t bytes() const`, which may grow with use.
template <typename Key, typename Value>
class LruCache {
 public:
  explicit LruCache(size_t max_bytes) : max_bytes_(max_bytes) {}

  // Null: absent. Otherwise valid until the next Insert, Erase or Settle.
  Value* Find(const Key& key) {
    auto it = index_.find(key);
    if (it == index_.end()) return nullptr;
    order_.splice(order_.begin(), order_, it->second);
    return it->second->value.get();
  }

  // Replaces what was there. The new value stays, even when it alone exceeds the limit.
  Value* Insert(const Key& key, std::unique_ptr<Value> value) {
    Erase(key);
    order_.push_front({key, std::move(value), 0});
    index_[key] = order_.begin();
    Settle();
    return order_.front().value.get();
  }

  // Counts the most recently used value's bytes anew and drops others if there are too many.
  void Settle() {
    if (order_.empty()) return;
    Entry& recent = order_.front();
    const size_t bytes = recent.value->bytes() + kOverhead;
    bytes_ = bytes_ - recent.bytes + bytes;
    recent.bytes = bytes;
    while (bytes_ > max_bytes_ && order_.size() > 1) Erase(Key(order_.back().key));
  }

  void Erase(const Key& key) {
    auto it = index_.find(key);
    if (it == index_.end()) return;
    bytes_ -= it->second->bytes;
    order_.erase(it->second);
    index_.erase(it);
  }

  size_t bytes() const { return bytes_; }
  size_t size() const { return order_.size(); }

 private:
  struct Entry {
    Key key;
    std::unique_ptr<Value> value;
    size_t bytes;  // as counted last
  };
  using Order = std::list<Entry>;  // most recently used first
  static constexpr size_t kOverhead = 2 * sizeof(Key) + sizeof(Entry) + 64;

  size_t max_bytes_;
  size_t bytes_ = 0;
  Order order_;
  absl::flat_hash_map<Key, typename Order::iterator> index_;
};

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_NATIVE_LRU_CACHE_H_
