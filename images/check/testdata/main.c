extern int number; // of program.c, as a library
int main(void) { return number; }
