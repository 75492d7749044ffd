// Does what its standard input tells it, one command a line, and answers each with one line: an
// address in hex, or "0" when it failed.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <sstream>
#include <string>

extern "C" int target_function(int value) { return value + 7; }

namespace {

constexpr size_t kPage = 4096;

uint64_t Address(const void* p) { return reinterpret_cast<uint64_t>(p); }

uint64_t Map(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  void* p = mmap(nullptr, kPage, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  return p == MAP_FAILED ? 0 : Address(p);
}

uint64_t Anonymous() {
  void* p = mmap(nullptr, kPage, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return p == MAP_FAILED ? 0 : Address(p);
}

uint64_t Load(const std::string& path, const std::string& symbol) {
  void* library = dlopen(path.c_str(), RTLD_NOW);
  return library == nullptr ? 0 : Address(dlsym(library, symbol.c_str()));
}

uint64_t Run(const std::string& line) {
  std::istringstream words(line);
  std::string command, first, second;
  words >> command >> first >> second;
  if (command == "self") return Address(reinterpret_cast<void*>(&target_function));
  if (command == "vdso") return getauxval(AT_SYSINFO_EHDR);
  if (command == "anonymous") return Anonymous();
  if (command == "map") return Map(first);
  if (command == "load") return Load(first, second);
  if (command == "call") {
    auto* function = reinterpret_cast<uint64_t (*)()>(Load(first, second));
    return function == nullptr ? 0 : function();
  }
  if (command == "chroot") return chroot(first.c_str()) == 0 && chdir("/") == 0;
  return 0;
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << std::hex << Run(line) << std::endl;
  }
}
