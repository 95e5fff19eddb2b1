#include "pattern.h"

#include <string.h>

#include "entry.h"

/* A program for a machine with many heads: each stands at an instruction, and
 * all take a letter at the same time. It takes no more than letters times
 * instructions. Jumps are relative, so that code can be copied. */
enum op { LETTER, ANY, SET, START, END, SPLIT, FOUND };

struct instruction {
	enum op op;
	unsigned char what; /* the letter, or the number of the set */
	int to, or;         /* where a split goes on */
};

enum { LONGEST = 4000, SETS = 200, REPEATS = 255 };

static struct instruction code[LONGEST];
static unsigned char sets[SETS][32];
static int used, sets_used, deep;
static const char *all, *at;

static _Noreturn void refuse(const char *why)
{
	fail("NGINX_ENVSUBST_FILTER is ", all, ": ", why, NULL);
}

static void emit(int where, enum op op, int what, int to, int or)
{
	if (used == LONGEST) {
		refuse("it is too long");
	}
	memmove(code + where + 1, code + where, sizeof *code * (size_t) (used - where));
	code[where] = (struct instruction) {op, (unsigned char) what, to, or};
	used++;
}

static void add(unsigned char *set, unsigned first, unsigned last)
{
	for (unsigned c = first; c <= last; c++) {
		set[c / 8] |= (unsigned char) (1u << c % 8);
	}
}

static void add_class(unsigned char *set)
{
	static const struct { const char *name, *ranges; } classes[] = {
		{"alpha:]", "AZaz"}, {"digit:]", "09"}, {"alnum:]", "AZaz09"}, {"upper:]", "AZ"}, {"lower:]", "az"}, {"xdigit:]", "09AFaf"},
	};

	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
		size_t size = strlen(classes[i].name);
		if (strncmp(at, classes[i].name, size) == 0) {
			for (const char *r = classes[i].ranges; *r != '\0'; r += 2) {
				add(set, (unsigned char) r[0], (unsigned char) r[1]);
			}
			at += size;
			return;
		}
	}
	refuse("it has a class that names are not made of");
}

/* What is between brackets, after the first. */
static void read_set(void)
{
	int others = *at == '^';

	if (sets_used == SETS) {
		refuse("it has too many brackets");
	}
	unsigned char *set = sets[sets_used];
	memset(set, 0, sizeof *sets);
	at += others;
	for (const char *begin = at; *at != ']' || at == begin;) {
		if (at[0] == '[' && at[1] == ':') {
			at += 2;
			add_class(set);
			continue;
		}
		at += *at == '\\' && at[1] != '\0'; /* as in awk, which the official images use */
		unsigned char first = (unsigned char) *at, last = first;
		if (first == '\0') {
			refuse("a bracket is not closed");
		}
		at++;
		if (at[0] == '-' && at[1] != ']' && at[1] != '\0') {
			last = (unsigned char) at[1];
			at += 2;
		}
		if (last < first) {
			refuse("a range is the wrong way round");
		}
		add(set, first, last);
	}
	at++;
	for (size_t i = 0; others && i < sizeof *sets; i++) {
		set[i] = (unsigned char) ~set[i];
	}
	emit(used, SET, sets_used++, 0, 0);
}

/* A copy of the code that ends at the present end. */
static void copy(const struct instruction *from, int size)
{
	for (int i = 0; i < size; i++) {
		emit(used, from[i].op, from[i].what, from[i].to, from[i].or);
	}
}

static int read_number(void)
{
	int n = 0;

	if (*at < '0' || *at > '9') {
		refuse("a number of repeats is missing");
	}
	for (; *at >= '0' && *at <= '9'; at++) {
		n = 10 * n + (*at - '0');
		if (n > REPEATS) {
			refuse("it repeats more than 255 times");
		}
	}
	return n;
}

/* The code from begin on becomes what is repeated: least times, and then up to
 * most times, or without end where that is -1. */
static void repeat(int begin, int least, int most)
{
	static struct instruction one[LONGEST];
	int size = used - begin;

	memcpy(one, code + begin, sizeof *one * (size_t) size);
	used = begin;
	for (int i = 0; i < least; i++) {
		copy(one, size);
	}
	if (most < 0) {
		emit(used, SPLIT, 0, 1, size + 2);
		copy(one, size);
		emit(used, SPLIT, 0, -size - 1, -size - 1);
	}
	for (int i = least; i < most; i++) {
		emit(used, SPLIT, 0, 1, (most - i) * (size + 1)); /* or to the end of them all */
		copy(one, size);
	}
}

static void read_repeats(int begin)
{
	for (;;) {
		int least = 0, most = -1;

		if (*at == '+') {
			least = 1;
		} else if (*at == '?') {
			most = 1;
		} else if (*at == '{') {
			at++;
			least = most = read_number();
			if (*at == ',') {
				most = *++at == '}' ? -1 : read_number();
			}
			if (*at != '}' || (most >= 0 && most < least)) {
				refuse("a number of repeats makes no sense");
			}
		} else if (*at != '*') {
			return;
		}
		at++;
		repeat(begin, least, most);
	}
}

static void read_choice(void);

static void read_one(void)
{
	char c = *at++;

	switch (c) {
	case '(':
		if (++deep > 100) {
			refuse("its parentheses are too deep");
		}
		read_choice();
		if (*at++ != ')') {
			refuse("a parenthesis is not closed");
		}
		deep--;
		break;
	case '[':
		read_set();
		break;
	case '.':
		emit(used, ANY, 0, 0, 0);
		break;
	case '^':
		emit(used, START, 0, 0, 0);
		break;
	case '$':
		emit(used, END, 0, 0, 0);
		break;
	case '*':
	case '+':
	case '?':
	case '{':
		refuse("there is nothing to repeat");
	case '\\':
		if (*at == '\0') {
			refuse("it ends in a backslash");
		}
		c = *at++;
		/* fall through */
	default:
		emit(used, LETTER, (unsigned char) c, 0, 0);
	}
}

static void read_choice(void)
{
	int begin = used;

	while (*at != '\0' && *at != '|' && *at != ')') {
		int one = used;
		read_one();
		read_repeats(one);
	}
	if (*at == '|') {
		at++;
		emit(begin, SPLIT, 0, 1, used - begin + 2);
		int jump = used;
		emit(jump, SPLIT, 0, 0, 0);
		read_choice();
		code[jump].to = code[jump].or = used - jump;
	}
}

void pattern_read(const char *text)
{
	all = at = text;
	used = sets_used = deep = 0;
	read_choice();
	if (*at != '\0') {
		refuse("a parenthesis is not opened");
	}
	emit(used, FOUND, 0, 0, 0);
}

static unsigned marks[LONGEST], round;
static int stack[LONGEST + 1]; /* each split leaves one more than it found */

/* Adds a head, and those that need no letter to get further. */
static int enter(int *heads, int count, int where, int start, int end)
{
	int high = 0;

	stack[high++] = where;
	while (high > 0) {
		int head = stack[--high];
		const struct instruction *i = code + head;

		if (marks[head] == round) {
			continue;
		}
		marks[head] = round;
		if (i->op == SPLIT || (i->op == START && start) || (i->op == END && end)) {
			int to = i->op == SPLIT ? i->to : 1, or = i->op == SPLIT ? i->or : 1;
			stack[high++] = head + or;
			stack[high++] = head + to;
		} else if (i->op != START && i->op != END) {
			heads[count++] = head;
		}
	}
	return count;
}

int pattern_found(const char *name, size_t size)
{
	static int heads[2][LONGEST];
	int count = 0, *now = heads[0], *next = heads[1];

	round++;
	for (size_t n = 0;; n++) {
		/* A new head at each letter: the name may begin anywhere. */
		count = enter(now, count, 0, n == 0, n == size);
		int more = 0;
		round++;
		for (int i = 0; i < count; i++) {
			const struct instruction *in = code + now[i];
			unsigned char c = n < size ? (unsigned char) name[n] : 0;

			if (in->op == FOUND) {
				return 1;
			}
			if (n < size && (in->op == ANY || (in->op == LETTER && in->what == c)
			                 || (in->op == SET && (sets[in->what][c / 8] >> c % 8 & 1)))) {
				more = enter(next, more, now[i] + 1, 0, n + 1 == size);
			}
		}
		if (n == size) {
			return 0;
		}
		int *other = now;
		now = next;
		next = other;
		count = more;
	}
}
