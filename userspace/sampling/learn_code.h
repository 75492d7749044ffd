// Names that have arrived: for the symbolizer to keep, and for the kernel not to send again.
#ifndef PROFD_USERSPACE_SAMPLING_LEARN_CODE_H_
#define PROFD_USERSPACE_SAMPLING_LEARN_CODE_H_

#include <cstdint>
#include <utility>

#include "symbolizer/code_cache.h"
#include "userspace/collector/bpf_session.h"

namespace profd {

inline void LearnCode(uint64_t incarnation, uint64_t tag, CodeDescription description,
                      CodeCache* codes, BpfSession* session) {
  session->CloseGate(codes->Add(incarnation, tag, std::move(description)));
  session->OpenGate(tag);
}

}  // namespace profd

#endif  // PROFD_USERSPACE_SAMPLING_LEARN_CODE_H_
