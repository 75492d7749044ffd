#include "userspace/views/profile_sum.h"

#include <optional>
#include <tuple>
#include <vector>

#include "absl/hash/hash.h"

namespace profd {
namespace {

std::tuple<FrameKind, const std::string&, const std::string&, int> Content(const Function& f) {
  return {f.kind, f.name, f.file, f.first_line};
}

}  // namespace

size_t ProfileSum::ByContent::operator()(const std::shared_ptr<const Function>& f) const {
  return absl::HashOf(f->kind, f->name, f->file, f->first_line);
}

bool ProfileSum::ByContent::operator()(const std::shared_ptr<const Function>& a,
                                       const std::shared_ptr<const Function>& b) const {
  return Content(*a) == Content(*b);
}

void ProfileSum::Add(const Profile& window, std::vector<uint32_t>* samples) {
  Window sum = has_window_ ? sum_.window() : window.window();
  if (has_window_) sum.duration += window.window().duration;
  has_window_ = true;
  sum_.set_window(sum);

  std::vector<std::optional<uint32_t>> locations;
  locations.reserve(window.locations().size());
  for (const Profile::Location& location : window.locations()) {
    const auto& function = *functions_.insert(window.functions()[location.function]).first;
    locations.push_back(sum_.InternLocation({function, location.line}));
  }
  std::vector<uint32_t> stack;
  for (const Profile::Sample& sample : window.samples()) {
    stack.clear();
    bool has_room = true;
    for (uint32_t location : window.stack(sample.stack)) {
      has_room &= locations[location].has_value();
      if (has_room) stack.push_back(*locations[location]);
    }
    const Profile::StackId id = has_room ? sum_.InternLocations(stack) : sum_.FullStack();
    const uint32_t at =
        sum_.Add(id, window.labels(sample.labels), sample.count, sample.cpu_ns, sample.wall_ns);
    if (samples != nullptr) samples->push_back(at);
  }
}

}  // namespace profd
