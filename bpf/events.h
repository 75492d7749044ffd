/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/*
 * What crosses between the kernel's programs and user space: records, map keys and values,
 * limits, and the reasons for which a sample can be lost. C only; both compilers read it.
 *
 * All times are nanoseconds of CLOCK_MONOTONIC. All addresses are of the sampled process.
 */
#ifndef PROFD_BPF_EVENTS_H_
#define PROFD_BPF_EVENTS_H_

#ifdef __bpf__
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed int s32;
typedef signed long long s64;
#else
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef int64_t s64;
#endif

#ifdef __cplusplus
#define PROFD_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define PROFD_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

enum {
  PROFD_MAX_PY_FRAMES = 1024,
  PROFD_MAX_KERNEL_FRAMES = 64,
  PROFD_MAX_RINGS = 64,
  PROFD_MAX_IMAGES = 1024,     /* interpreter binaries at a time; each has a layout of its own */
  PROFD_MAX_PROCESSES = 32768, /* preallocated: before 6.1 perf_event programs see no other maps */
  PROFD_MAX_STARTS = 4096,     /* processes that have exec'd and may become Python's */
  PROFD_START_NS = 1000000000,
  PROFD_COOKIE_ADDRESS_BITS = 48, /* start probes: index of the image above the address */
  PROFD_GATE_WAYS = 8,            /* one 64-byte cache line */
  PROFD_GATE_SETS = 1 << 14,
  PROFD_MAX_NAME_BYTES = 1024, /* as sent by the kernel; longer names are read from the process */
  PROFD_MAX_LINETABLE_BYTES = 16384,
  PROFD_COMM_BYTES = 16,
  PROFD_MAX_FRAME_BYTES = 128,
  PROFD_MAX_CODE_BYTES = 256,
  PROFD_THREAD_STATES = 4, /* thread states of one OS thread (subinterpreters) that are joined */
  PROFD_MAX_THREADS_WALKED = 8192, /* of one process's list of thread states, per sample */
};

/* ---- Layout of one CPython build ------------------------------------------------------- */

/*
 * Byte offsets inside CPython's structures. A field that a version does not have is absent
 * from `py_layout.has`; its offset must then not be used.
 */
enum py_field {
  /* _PyRuntimeState; for 3.6, which has none, see py_process. */
  PY_RUNTIME_INTERP_HEAD,
  PY_RUNTIME_TSS_KEY,        /* the pthread_key_t inside gilstate.autoTSSkey */
  PY_RUNTIME_TSTATE_CURRENT, /* <= 3.11: gilstate.tstate_current */
  /* PyInterpreterState */
  PY_INTERP_NEXT,
  PY_INTERP_ID,
  PY_INTERP_THREADS_HEAD,
  PY_INTERP_MODULES,         /* sys.modules */
  PY_INTERP_CODE_GENERATION, /* 3.14+: changes whenever a code object is freed */
  PY_INTERP_GIL_HOLDER,      /* pointer to the thread state that holds this interpreter's GIL */
  PY_INTERP_GIL_LOCKED,
  /* PyThreadState */
  PY_TSTATE_NEXT,
  PY_TSTATE_INTERP,
  PY_TSTATE_THREAD_ID,
  PY_TSTATE_NATIVE_THREAD_ID,
  PY_TSTATE_FRAME,         /* by py_layout.frame_style */
  PY_TSTATE_BASE_FRAME,    /* 3.15+: embedded or pointed-to end of the chain, see base_frame_kind */
  PY_CFRAME_CURRENT_FRAME, /* 3.11-3.12 */
  /* PyFrameObject (<= 3.10), _PyInterpreterFrame (3.11+) */
  PY_FRAME_PREVIOUS,
  PY_FRAME_CODE,
  PY_FRAME_INSTR,      /* by py_layout.instr_kind */
  PY_FRAME_OWNER,      /* 3.11+: one byte */
  PY_FRAME_TLBC_INDEX, /* free-threaded 3.14+ */
  /* PyCodeObject */
  PY_CODE_NAME,
  PY_CODE_QUALNAME, /* 3.11+ */
  PY_CODE_FILENAME,
  PY_CODE_FIRSTLINENO,
  PY_CODE_LINETABLE,
  PY_CODE_UNITS,          /* 3.11+: ob_size, the number of code units */
  PY_CODE_BYTECODE,       /* 3.11+: offset of co_code_adaptive; <= 3.10: pointer co_code */
  PY_CODE_FIRSTTRACEABLE, /* 3.11+ */
  PY_CODE_VERSION,        /* 3.12+: co_version, unique while the process lives */
  PY_CODE_TLBC,           /* free-threaded 3.14+ */
  /* PyObject, PyTypeObject */
  PY_OBJECT_TYPE,
  PY_TYPE_NAME,
  /* PyUnicodeObject */
  PY_UNICODE_LENGTH,
  PY_UNICODE_HASH,
  PY_UNICODE_STATE,
  PY_UNICODE_ASCII_DATA,
  PY_UNICODE_COMPACT_DATA,
  PY_UNICODE_LEGACY_DATA, /* <= 3.11: pointer to the characters of a non-compact string */
  /* PyBytesObject */
  PY_BYTES_SIZE,
  PY_BYTES_DATA,
  PY_FIELD_COUNT,
};
PROFD_STATIC_ASSERT(PY_FIELD_COUNT <= 64, "presence bits fit one word");

enum py_frame_style {
  PY_FRAME_STYLE_OBJECT = 1, /* <= 3.10: tstate->frame is a PyFrameObject */
  PY_FRAME_STYLE_CFRAME = 2, /* 3.11-3.12: tstate->cframe->current_frame */
  PY_FRAME_STYLE_DIRECT = 3, /* 3.13+: tstate->current_frame */
};

enum py_instr_kind {
  PY_INSTR_LASTI_BYTES = 1, /* <= 3.9: int, bytes */
  PY_INSTR_LASTI_UNITS = 2, /* 3.10: int, code units of 2 bytes */
  PY_INSTR_POINTER = 3,     /* 3.11+: address of a code unit */
};

enum py_base_frame_kind {
  PY_BASE_FRAME_NONE = 0,
  PY_BASE_FRAME_POINTER = 1, /* the field holds the frame's address */
  PY_BASE_FRAME_EMBEDDED = 2,
};

struct py_layout {
  u64 has; /* bit (1 << field) for each field that exists */
  u32 offset[PY_FIELD_COUNT];
  u8 frame_style;
  u8 instr_kind;
  u8 base_frame_kind;
  u8 owner_skip_min;    /* owners from here on are not Python frames; 0: no owner field */
  u8 code_pointer_mask; /* low tag bits of PY_FRAME_CODE to clear; 0 before 3.14 */
  u8 free_threaded;
  /* Bits of PyUnicode's 32-bit state word. */
  u8 unicode_kind_shift;
  u8 unicode_compact_shift;
  u8 unicode_ascii_shift;
  u8 reserved[3];
  u32 frame_bytes; /* how much of a frame must be read to see every PY_FRAME_ field */
  u32 code_bytes;  /* the same of a code object, PY_OBJECT_TYPE included, bytecode excluded */
  u32 version;     /* PY_VERSION_HEX without the release level: 0x030B0700 for 3.11.7 */
};

/* ---- Processes ------------------------------------------------------------------------- */

/* One interpreter binary, addresses relative to its load base; 0 is "unknown". */
struct py_image {
  u64 runtime;
  u64 interp_head;    /* of the variable that holds the list's head */
  u64 tss_key;        /* of the 32-bit key */
  u64 tstate_current; /* of the variable that holds the GIL holder's thread state; <= 3.11 */
  u32 in_use;
  u32 reserved;
};

/* A Python process; key is its thread group ID in the initial PID namespace. */
struct py_process {
  u64 incarnation; /* unique per registration: never reused while the agent runs */
  u64 interp_head;
  u64 tss_key;
  u64 tstate_current;
  u64 code_type;  /* address of PyCode_Type once seen, 0 before */
  u32 image;      /* index into `images` and `layouts` */
  u32 tss_proven; /* a thread state found through tss_key has been right at least once */
  u32 switches;   /* from one interpreter to another in the same program */
  u32 ended;      /* its last thread is on its way out, and may still run in the kernel */
};

/* What fell into a process between its exec and its registration, counted as OUTCOME_NOT_PYTHON.
 * One that is registered later than PROFD_START_NS after its exec computed for itself first. */
struct py_start {
  u64 exec_ns;
  u64 cpu_ns; /* that the process had used until then, as other programs */
  u64 events; /* since then */
  u64 ticks;
};

/* Values of `excluded`. */
enum exclusion {
  EXCLUDED = 1,
  EXCLUDED_RENAMED = 2, /* and user space was told that it has another name */
};

/* ---- Records --------------------------------------------------------------------------- */

enum record_type {
  RECORD_SAMPLE = 1,
  RECORD_CODE = 2,
  RECORD_PROCESS_START = 3,
  RECORD_PROCESS_EXIT = 4,
  RECORD_PROCESS_UNKNOWN = 5, /* a sample fell into a process nobody has looked at */
  RECORD_PROCESS_EXEC = 6,
  RECORD_PROCESS_RENAMED = 7, /* one that is excluded; told again once it is excluded anew */
  RECORD_PROCESS_FREED = 8,   /* after its exit: now its CPU time is whole */
};

enum stack_state {
  STACK_NONE = 0,           /* the thread has no Python frames (or no thread state) */
  STACK_WHOLE = 1,          /* the end was reached and every read succeeded */
  STACK_WHOLE_GREENLET = 2, /* ended in NULL before the thread's root */
  STACK_TRUNCATED = 3,      /* the frame limit was reached */
  STACK_TORN = 4,           /* a read faulted or a frame made no sense */
};

/* What a thread-state lookup came to. */
enum thread_state_source {
  TSTATE_NOT_FOUND = 0,
  TSTATE_FROM_TSS = 1,
  TSTATE_FROM_CACHE = 2,
  TSTATE_FROM_LIST = 3,
  TSTATE_FROM_GIL_HOLDER = 4, /* <= 3.11: the one thread state that is attached */
  TSTATE_NO_RUNTIME = 5,      /* the interpreter is not initialised (or already finalised) */
};

struct py_frame_record {
  u64 code;  /* address of the code object */
  u64 tag;   /* identity of the code object, see code_record; 0: its page was not resident, and
                user space may do better */
  s32 lasti; /* byte offset of the instruction in the bytecode; -1: unknown */
  u32 unused;
};
PROFD_STATIC_ASSERT(sizeof(struct py_frame_record) == 24, "wire format");

enum sample_flags {
  SAMPLE_HOLDS_GIL = 1, /* only where it was asked for */
};

/* Followed by py_frames records of struct py_frame_record, leaf first, then kernel_frames u64
 * addresses, leaf first. */
struct sample_record {
  u32 type;
  u32 cpu;
  u64 time_ns;
  u64 incarnation;
  u64 user_ip; /* 0 when the sample was taken in the kernel */
  u32 tgid;
  u32 tid;
  u32 ticks; /* periods this sample stands for: 1, more when ticks were skipped */
  u16 py_frames;
  u16 kernel_frames;
  u8 stack_state;
  u8 tstate_source;
  u8 in_kernel;
  u8 half_pushed; /* frames dropped because they were being pushed */
  u32 flags;      /* enum sample_flags */
  u64 thread_id;  /* pthread_self(), what threading calls `ident` */
  char process_comm[PROFD_COMM_BYTES];
  char thread_comm[PROFD_COMM_BYTES];
};
PROFD_STATIC_ASSERT(sizeof(struct sample_record) == 96, "wire format");

/* How a string of a code object was sent. */
struct code_string {
  u64 address;   /* of the PyUnicodeObject */
  u64 length;    /* characters */
  u16 bytes;     /* of raw character data that follow; 0 with length > 0: read it yourself */
  u8 char_bytes; /* 1, 2 or 4; 0: unreadable */
  u8 ascii;
  u32 reserved;
};

/* Followed by the bytes of name, qualname, filename and line table, in this order, unpadded. */
struct code_record {
  u32 type;
  u32 tgid;
  u64 incarnation;
  u64 tag;
  u64 code;
  u64 linetable;       /* address of the bytes object */
  u64 linetable_bytes; /* whole length */
  struct code_string name;
  struct code_string qualname; /* absent before 3.11: address 0 */
  struct code_string filename;
  s32 first_line;
  u32 linetable_sent; /* bytes that follow; 0 with linetable_bytes > 0: read it yourself */
};
PROFD_STATIC_ASSERT(sizeof(struct code_record) == 128, "wire format");

struct process_record {
  u32 type;
  u32 tgid;
  u64 time_ns;
  u64 incarnation;
  u64 parent_incarnation; /* of the process this one was forked from, else 0 */
  u64 cpu_ns; /* CPU time of all its threads; RECORD_PROCESS_START: before it was Python,
                 0 of a fork */
  u32 image;
  u32 parent_tgid;
  u64 load_base; /* of the interpreter image; 0: unknown */
  u32 followed;  /* the process is in `followed` */
  u32 reserved;
  struct py_start start;       /* RECORD_PROCESS_START: 0 if nothing fell into it */
  char comm[PROFD_COMM_BYTES]; /* RECORD_PROCESS_START */
};

/* RECORD_PROCESS_UNKNOWN: the head of the one above, to be small on the sampler's stack. */
struct stranger_record {
  u32 type;
  u32 tgid;
  u64 time_ns;
};

/* A set of the gate: tags of code objects whose names user space has; 0 is empty. */
struct gate_set {
  u64 tags[PROFD_GATE_WAYS];
};

/* ---- Threads --------------------------------------------------------------------------- */

enum {
  PROFD_MAX_WAIT_FRAMES = 24, /* of the kernel stack of a thread that waits */
  PROFD_THREAD_MARKS = 1 << 13,
  PROFD_SYSCALL_NONE = -1,
  PROFD_SYSCALL_UNKNOWN = -2,
};

enum thread_flags {
  THREAD_ON_CPU = 1,
  THREAD_IN_IOWAIT = 2,
  THREAD_MARKED = 4, /* has not run since user space set its mark */
};

/* What the task iterator says of one thread. Up to `thread_pointer` always; the rest and the
 * kernel_frames u64 addresses that follow, leaf first, of threads that wait and are not marked. */
struct thread_record {
  u64 time_ns;
  u64 incarnation;
  u64 start_ns;
  u64 switches; /* off a CPU, of either kind: the same twice means that it has not run in between,
                   if it was off the CPU both times */
  u64 exec_ns;  /* CPU time; of a running thread, up to a scheduler tick less */
  u64 delay_ns; /* ready and without a CPU, up to when it last got one; 0 where the kernel does not
                   account for it (neither CONFIG_SCHEDSTATS nor CONFIG_TASK_DELAY_ACCT) */
  u32 tgid;
  u32 tid;
  u32 state; /* task state bits */
  u16 kernel_frames;
  u8 flags; /* enum thread_flags */
  u8 reserved;
  u64 thread_pointer;
  u64 syscall_args[2];
  s32 syscall; /* number; PROFD_SYSCALL_NONE: a page fault, or preempted in user mode */
  u32 reserved2;
  char comm[PROFD_COMM_BYTES];
};
PROFD_STATIC_ASSERT(sizeof(struct thread_record) == 112, "wire format");

/* A thread whose stack user space has, by its TID. */
struct thread_mark {
  u64 start_ns;
  u64 switches;
};

/* ---- Accounting ------------------------------------------------------------------------ */

/* Each perf event that fired adds one to EVENT_FIRED and one to exactly one of the outcomes
 * below it. The rest counts what happened inside samples. Per CPU. */
enum counter {
  EVENT_FIRED,
  OUTCOME_SAMPLE, /* a record was written */
  OUTCOME_IDLE,
  OUTCOME_NOT_PYTHON, /* a process that is not Python, or not (yet) known to be */
  OUTCOME_EXCLUDED,   /* a Python process the user did not select */
  OUTCOME_KERNEL_THREAD,
  OUTCOME_LOST_RING_FULL,
  OUTCOME_LOST_INTERNAL, /* a map was missing: never expected */
  COUNTER_OUTCOME_END,
  COUNT_TICKS_SKIPPED = COUNTER_OUTCOME_END, /* periods without an event, weighed into the next */
  COUNT_TICKS_IDLE, /* periods without an event before the next one's thread ran: nobody's */
  COUNT_STACK_TRUNCATED,
  COUNT_STACK_TORN,
  COUNT_HALF_PUSHED_FRAMES,
  COUNT_CODE_RING_FULL,
  COUNT_CODE_UNREADABLE,
  COUNT_NO_THREAD_STATE,
  COUNT_PROCESS_TABLE_FULL,
  COUNT_LIFECYCLE_RING_FULL,
  COUNTER_COUNT,
};

#endif /* PROFD_BPF_EVENTS_H_ */
