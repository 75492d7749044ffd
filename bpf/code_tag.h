/* SPDX-License-Identifier: (GPL-2.0-only OR Apache-2.0) */
/* What tells a code object from another that later has its address. C only; the kernel's programs
 * and user space reckon it alike. */
#ifndef PROFD_BPF_CODE_TAG_H_
#define PROFD_BPF_CODE_TAG_H_

#include "bpf/events.h"

/* A 64-bit finaliser (xor-shift-multiply) for tags and incarnations. */
static inline __attribute__((always_inline)) u64 mix64(u64 x) {
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  x ^= x >> 32;
  x *= 0xd6e8feb86659fd93ULL;
  x ^= x >> 32;
  return x;
}

enum {
  STR_WITHOUT_HASH = -1, /* PyASCIIObject.hash until somebody asks for it */
  IDENTITY_CHARS = 64,   /* that are read */
  IDENTITY_TEXT_BYTES = 64,
};

/* In place of that hash: of the length and the first bytes of the characters, padded with 0. */
static inline __attribute__((always_inline)) u64 text_identity(const u64 *words, u64 length) {
  u64 h = length;
  int i;
  for (i = 0; i < IDENTITY_TEXT_BYTES / 8; i++) h = (h ^ words[i]) * 0xc6a4a7935bd1e995ULL;
  return h;
}

/* 3.12+ number their code objects; before, the names' addresses, the name's hash and the tables'
 * addresses must do. What a version lacks is 0. */
struct code_identity {
  u64 incarnation;
  u64 code;
  u64 name;
  u64 qualname;
  u64 filename;
  u64 linetable;
  u64 first_line_and_version; /* << 32 |; 3.12+: co_version */
  u64 name_hash;              /* < 3.12; or text_identity() */
  u64 bytecode;               /* <= 3.10: an object of its own */
};

/* Never 0. Products that do not wait for each other, then one finaliser; the odd factors are
 * random. */
static inline __attribute__((always_inline)) u64 code_tag(const struct code_identity *id) {
  u64 h = mix64((id->incarnation ^ id->code) * 0x9ddfea08eb382d69ULL +
                id->name * 0xc6a4a7935bd1e995ULL + id->qualname * 0xd1b54a32d192ed03ULL +
                id->filename * 0xaef17502108ef2d9ULL + id->linetable * 0xf1357aea2e62a9c5ULL +
                id->first_line_and_version * 0xbea225f9eb34556dULL +
                id->name_hash * 0xdb4f0b9175ae2165ULL + id->bytecode * 0xe4cc3b0e5b7c1a4bULL);
  return h ? h : 1;
}

#endif /* PROFD_BPF_CODE_TAG_H_ */
