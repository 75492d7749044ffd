# Compiles the kernel's programs and makes a libbpf skeleton of them.
find_program(CLANG NAMES clang clang-19 clang-18 clang-17 clang-16 clang-15 clang-14 REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin /usr/lib/linux-tools REQUIRED)

# profd_bpf_skeleton(TARGET NAME sources...): a header NAME.skel.h in the target's include path.
function(profd_bpf_skeleton target name)
  set(objects)
  foreach(source ${ARGN})
    get_filename_component(base ${source} NAME_WLE)
    set(object ${CMAKE_CURRENT_BINARY_DIR}/${base}.o)
    add_custom_command(
      OUTPUT ${object}
      COMMAND ${CLANG} -g -O2 -target bpf -mcpu=v2 -Wall -Wextra -Wno-unused-function -Werror
              -I${PROJECT_SOURCE_DIR} -isystem /usr/include/${CMAKE_LIBRARY_ARCHITECTURE}
              -MD -MF ${object}.d -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
      DEPENDS ${source}
      DEPFILE ${object}.d
      COMMENT "Compiling BPF program ${source}")
    list(APPEND objects ${object})
  endforeach()
  set(linked ${CMAKE_CURRENT_BINARY_DIR}/${name}.linked.o)
  set(header ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
  add_custom_command(
    OUTPUT ${header} ${linked}
    COMMAND ${BPFTOOL} gen object ${linked} ${objects}
    COMMAND ${BPFTOOL} gen skeleton ${linked} name ${name} > ${header}
    DEPENDS ${objects}
    COMMENT "Generating ${name}.skel.h")
  add_custom_target(${target}_generate DEPENDS ${header})
  add_library(${target} INTERFACE)
  add_dependencies(${target} ${target}_generate)
  target_include_directories(${target} SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(${target} INTERFACE PkgConfig::libbpf)
endfunction()
