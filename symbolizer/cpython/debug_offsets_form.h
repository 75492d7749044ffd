// The forms of _Py_DebugOffsets: what a minor version's table says, slot by slot.
#ifndef PROFD_SYMBOLIZER_CPYTHON_DEBUG_OFFSETS_FORM_H_
#define PROFD_SYMBOLIZER_CPYTHON_DEBUG_OFFSETS_FORM_H_

#include <cstdint>

namespace profd {

// Groups that no version has changed yet.
struct DebugHeader {
  char cookie[8];
  uint64_t version, free_threaded;
};
struct DebugRuntime {
  uint64_t size, finalizing, interpreters_head;
};
struct DebugObject {
  uint64_t size, ob_type;
};
struct DebugSequence {  // tuple, list
  uint64_t size, ob_item, ob_size;
};
struct DebugPair {  // dict, float, long: the second slot is what comes first after the header
  uint64_t size, first;
};
struct DebugBytes {
  uint64_t size, ob_size, ob_sval;
};

// Include/internal/pycore_runtime.h of 3.13.
struct DebugOffsets313 {
  DebugHeader header;
  DebugRuntime runtime;
  struct {
    uint64_t size, id, next, threads_head, gc, modules, sysdict, builtins, ceval_gil, gil,
        gil_enabled, gil_locked, gil_holder;
  } interp;
  struct {
    uint64_t size, prev, next, interp, current_frame, thread_id, native_thread_id, datastack_chunk,
        status;
  } tstate;
  struct {
    uint64_t size, previous, executable, instr_ptr, localsplus, owner;
  } frame;
  struct {
    uint64_t size, filename, name, qualname, linetable, firstlineno, argcount, localsplusnames,
        localspluskinds, bytecode;
  } code;
  DebugObject object;
  struct {
    uint64_t size, tp_name, tp_repr, tp_flags;
  } type;
  DebugSequence tuple, list;
  uint64_t dict[3];
  DebugPair float_object;
  struct {
    uint64_t size, lv_tag, ob_digit;
  } long_object;
  DebugBytes bytes;
  struct {
    uint64_t size, state, length, ascii_size;
  } unicode;
  uint64_t gc[2];
};
static_assert(sizeof(DebugOffsets313) == 584);

// Include/internal/pycore_debug_offsets.h of 3.14.
struct DebugOffsets314 {
  DebugHeader header;
  DebugRuntime runtime;
  struct {
    uint64_t size, id, next, threads_head, threads_main, gc, modules, sysdict, builtins, ceval_gil,
        gil, gil_enabled, gil_locked, gil_holder, code_generation, tlbc_generation;
  } interp;
  struct {
    uint64_t size, prev, next, interp, current_frame, thread_id, native_thread_id, datastack_chunk,
        status;
  } tstate;
  struct {
    uint64_t size, previous, executable, instr_ptr, localsplus, owner, stackpointer, tlbc_index;
  } frame;
  struct {
    uint64_t size, filename, name, qualname, linetable, firstlineno, argcount, localsplusnames,
        localspluskinds, bytecode, tlbc;
  } code;
  DebugObject object;
  struct {
    uint64_t size, tp_name, tp_repr, tp_flags;
  } type;
  DebugSequence tuple, list;
  uint64_t set[4], dict[3];
  DebugPair float_object;
  struct {
    uint64_t size, lv_tag, ob_digit;
  } long_object;
  DebugBytes bytes;
  struct {
    uint64_t size, state, length, ascii_size;
  } unicode;
  uint64_t gc[2], generator[4], llist_node[2], debugger_support[6];
};
static_assert(sizeof(DebugOffsets314) == 760);

// Include/internal/pycore_debug_offsets.h of 3.15.
struct DebugOffsets315 {
  DebugHeader header;
  DebugRuntime runtime;
  struct {
    uint64_t size, id, next, threads_head, threads_main, gc, modules, sysdict, builtins, ceval_gil,
        gil, gil_enabled, gil_locked, gil_holder, code_generation, tlbc_generation;
  } interp;
  struct {
    uint64_t size, prev, next, interp, current_frame, base_frame, last_profiled_frame,
        last_profiled_frame_seq, thread_id, native_thread_id, datastack_chunk, status, holds_gil,
        gil_requested, current_exception, exc_state;
  } tstate;
  uint64_t err_stackitem[1];
  struct {
    uint64_t size, previous, executable, instr_ptr, localsplus, owner, stackpointer, tlbc_index;
  } frame;
  struct {
    uint64_t size, filename, name, qualname, linetable, firstlineno, argcount, localsplusnames,
        localspluskinds, bytecode, tlbc;
  } code;
  DebugObject object;
  struct {
    uint64_t size, tp_name, tp_repr, tp_flags, tp_basicsize, tp_dictoffset;
  } type;
  uint64_t heap_type[2];
  DebugSequence tuple, list;
  uint64_t set[4], dict[3];
  DebugPair float_object;
  struct {
    uint64_t size, lv_tag, ob_digit;
  } long_object;
  DebugBytes bytes;
  struct {
    uint64_t size, state, length, ascii_size, compact_size;
  } unicode;
  uint64_t gc[5], generator[4], llist_node[2], debugger_support[6];
};
static_assert(sizeof(DebugOffsets315) == 888);

}  // namespace profd

#endif  // PROFD_SYMBOLIZER_CPYTHON_DEBUG_OFFSETS_FORM_H_
