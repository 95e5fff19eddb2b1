int number = 1;
int *pointer = &number; // needs a relocation, so that there is something to protect
void _start(void) { for (;;) *pointer += 1; }
#ifdef TEXTREL
__asm__(".pushsection .text\n.balign 8\n.quad number\n.popsection");
#endif
