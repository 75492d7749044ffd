/*
 * A non-PIE embedder whose _PyRuntime is a copy relocation: the live one is in the executable's
 * .bss, libpython's own stays as it was in the file.
 *
 * build: cc -no-pie -fno-pic copyreloc.c -o copyreloc -L LIBDIR -l python3.X -Wl,-rpath,LIBDIR
 * usage: copyreloc -c 'code' | PROGRAM [ARGUMENTS...]     (as python3)
 *
 * Prints "_PyRuntime ADDRESS" first. Answer: the program's own. Not for 3.6, which has no
 * _PyRuntime.
 */
#include <stdio.h>

extern char _PyRuntime[];
int Py_BytesMain(int argc, char **argv); /* 3.8 and later */

int main(int argc, char **argv) {
  /* Taken by absolute address in the text: that is what asks the linker for the copy. */
  char *runtime = _PyRuntime;
  __asm__ volatile("" : "+r"(runtime));
  printf("_PyRuntime %p\n", (void *)runtime);
  fflush(stdout);
  return Py_BytesMain(argc, argv);
}
