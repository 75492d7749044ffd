// The rules of the kernel floor, checked on compiled object files.
#ifndef PROFD_TESTS_BPF_OBJECT_RULES_H_
#define PROFD_TESTS_BPF_OBJECT_RULES_H_

#include <string>
#include <vector>

namespace profd::testing {

// What an object file does that no program of ours may do, as "section: what", in the order of its
// sections. Functions in .text are callbacks and subprograms: they must keep the rules of every
// program of the object.
std::vector<std::string> BrokenRules(const std::string& path);

}  // namespace profd::testing

#endif  // PROFD_TESTS_BPF_OBJECT_RULES_H_
