/*
 * An embedder: makes 40 pthread keys, then loads libpython late and runs a program in it.
 *
 * usage: embed LIBPYTHON PROGRAM [ARGUMENTS...]     (PYTHONHOME names the standard library)
 *
 * Answer: the program's own. The executable is no Python by name or by what it is linked to, and
 * CPython's thread state is behind a pthread key that is not 0 and above the first block of 32.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *must(void *pointer, const char *what) {
  if (!pointer) {
    fprintf(stderr, "embed: %s: %s\n", what, dlerror());
    exit(1);
  }
  return pointer;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: embed LIBPYTHON PROGRAM [ARGUMENTS...]\n");
    return 2;
  }
  for (int i = 0; i < 40; i++) {
    pthread_key_t key;
    if (pthread_key_create(&key, NULL) || pthread_setspecific(key, "not a thread state")) return 1;
  }

  void *library = must(dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL), argv[1]);
  void (*initialize)(void) = must(dlsym(library, "Py_Initialize"), "Py_Initialize");
  int (*run)(const char *) = must(dlsym(library, "PyRun_SimpleString"), "PyRun_SimpleString");

  /* The program and its arguments travel by the environment: no quoting is needed. */
  setenv("PROFD_EMBED_PROGRAM", argv[2], 1);
  char arguments[4096] = "";
  for (int i = 3; i < argc; i++) {
    if (strlen(arguments) + strlen(argv[i]) + 2 > sizeof(arguments)) return 1;
    if (i > 3) strcat(arguments, "\n");
    strcat(arguments, argv[i]);
  }
  setenv("PROFD_EMBED_ARGUMENTS", arguments, 1);

  initialize();
  return run(
      "import posix, sys\n"
      "program = posix.environ[b'PROFD_EMBED_PROGRAM'].decode()\n"
      "more = posix.environ[b'PROFD_EMBED_ARGUMENTS'].decode()\n"
      "sys.argv = [program] + (more.split('\\n') if more else [])\n"
      "sys.path.insert(0, program.rpartition('/')[0] or '.')\n"
      "__file__ = program\n"
      "exec(compile(open(program, encoding='utf-8').read(), program, 'exec'))\n");
}
