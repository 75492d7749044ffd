// Stacks for tests and benchmarks: made by hand, or walked through a random call tree.
#ifndef PROFD_TESTS_USERSPACE_PROFILE_STACKS_H_
#define PROFD_TESTS_USERSPACE_PROFILE_STACKS_H_

#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "symbolizer/frame.h"

namespace profd {

inline Frame MakeFrame(FrameKind kind, std::string name, std::string file, int first_line = 0,
                       int line = 0) {
  return {std::make_shared<const Function>(
              Function{kind, std::move(name), std::move(file), first_line}),
          line};
}

inline Frame PythonFrame(std::string name, int line) {
  return MakeFrame(FrameKind::kPython, std::move(name), "/srv/app/main.py", 10, line);
}

// `count` distinct stacks as a service has them: 2,000 functions in 200 files, 8 to 48 frames
// deep; one function in three calls on from up to four places, the others from one. The same seed
// makes the same stacks.
inline std::vector<Stack> ServiceStacks(size_t count, unsigned seed = 1) {
  std::mt19937 random(seed);
  std::vector<std::shared_ptr<const Function>> functions(2000);
  for (size_t i = 0; i < functions.size(); ++i) {
    functions[i] = std::make_shared<const Function>(
        Function{FrameKind::kPython, absl::StrCat("Handler", i % 83, ".do_", i),
                 absl::StrCat("/usr/lib/python3/dist-packages/service/module_", i % 200, ".py"),
                 1 + static_cast<int>(i % 900)});
  }
  std::set<std::vector<unsigned>> seen;
  std::vector<Stack> stacks;
  while (stacks.size() < count) {
    const size_t depth = 8 + random() % 41;
    std::vector<unsigned> path;
    Stack stack;
    unsigned at = 0;
    for (size_t i = 0; i < depth; ++i) {
      // Few roots and a skewed choice of callees: most stacks share most of their way.
      const unsigned branch = at % 3 == 0 ? random() % 16 : 0;
      const unsigned site = branch < 12 ? 0 : branch < 14 ? 1 : branch < 15 ? 2 : 3;
      at = (at * 31 + site * 7 + 1 + static_cast<unsigned>(i)) % functions.size();
      path.push_back(at * 4 + site);
      stack.insert(stack.begin(),
                   {functions[at], functions[at]->first_line + 3 + static_cast<int>(site)});
    }
    if (seen.insert(path).second) stacks.push_back(std::move(stack));
  }
  return stacks;
}

}  // namespace profd

#endif  // PROFD_TESTS_USERSPACE_PROFILE_STACKS_H_
