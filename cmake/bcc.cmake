# profd_bcc: the objects of BCC's static archive that read /proc/kallsyms. Never its shared library,
# which loads LLVM; an archive's other objects stay out because nothing refers to them.
include(CheckCSourceCompiles)
include_guard(GLOBAL)

find_path(BCC_INCLUDE_DIR bcc/bcc_proc.h REQUIRED)
find_library(BCC_ARCHIVE libbcc.a)
if(NOT BCC_ARCHIVE)
  message(FATAL_ERROR "libbcc.a is missing: install BCC's development package (Debian: libbpfcc-dev)")
endif()

# What those objects need besides libelf depends on how the distribution built BCC: newer ones read
# .gnu_debugdata (lzma) or ask debuginfod. The first set that links is taken.
set(_bcc_needs_1 elf z)
set(_bcc_needs_2 elf z lzma)
set(_bcc_needs_3 elf z debuginfod)
set(_bcc_needs_4 elf z lzma debuginfod)
set(_bcc_needs_5 elf z zstd lzma debuginfod)
set(_bcc_needs)
foreach(_set 1 2 3 4 5)
  set(CMAKE_REQUIRED_INCLUDES ${BCC_INCLUDE_DIR})
  set(CMAKE_REQUIRED_LIBRARIES ${BCC_ARCHIVE} ${_bcc_needs_${_set}} stdc++)
  set(CMAKE_REQUIRED_LINK_OPTIONS -Wl,--gc-sections)
  set(CMAKE_REQUIRED_QUIET TRUE)
  check_c_source_compiles("
    #include <bcc/bcc_proc.h>
    static void symbol(const char *n, const char *m, uint64_t a, void *p) {}
    int main(void) { return bcc_procutils_each_ksym(symbol, 0); }" PROFD_BCC_LINKS_${_set})
  if(PROFD_BCC_LINKS_${_set})
    set(_bcc_needs ${_bcc_needs_${_set}})
    break()
  endif()
endforeach()
unset(CMAKE_REQUIRED_INCLUDES)
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
unset(CMAKE_REQUIRED_QUIET)
if(NOT _bcc_needs)
  message(FATAL_ERROR "a program with ${BCC_ARCHIVE} does not link: see CMakeFiles/CMakeError.log")
endif()

add_library(profd_bcc INTERFACE)
target_include_directories(profd_bcc SYSTEM INTERFACE ${BCC_INCLUDE_DIR})
target_link_libraries(profd_bcc INTERFACE ${BCC_ARCHIVE} ${_bcc_needs} stdc++)
target_link_options(profd_bcc INTERFACE -Wl,--gc-sections)
