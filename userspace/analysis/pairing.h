// Names of functions that stay the same from one release, host or interpreter to the next.
#ifndef PROFD_USERSPACE_ANALYSIS_PAIRING_H_
#define PROFD_USERSPACE_ANALYSIS_PAIRING_H_

#include <string>

#include "symbolizer/frame.h"

namespace profd {

// Without lines; without addresses and compilers' suffixes ("f.constprop.0").
std::string StableName(const Function& function);

// Without install prefixes and versions: "requests/api.py", "libpython.so", and of own code's path
// without parts that are numbers, versions or hashes ("/srv/releases/*/app/main.py").
std::string StableFile(const Function& function);

// As PackageOf, of objects without versions.
std::string StablePackage(const Function& function);

// What two functions have in common that are the same one: their class, file and name as above.
std::string PairingKey(const Function& function);

}  // namespace profd

#endif  // PROFD_USERSPACE_ANALYSIS_PAIRING_H_
