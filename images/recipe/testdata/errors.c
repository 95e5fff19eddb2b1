/* Loads tables of texts as OpenSSL does, and looks texts up. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

int scratch_err_keep(const ERR_STRING_DATA *);
ERR_STRING_DATA *scratch_err_find(const ERR_STRING_DATA *);
void scratch_err_forget(const ERR_STRING_DATA *);

#define CHECK(what) do { if (!(what)) { printf("line %d: not %s\n", __LINE__, #what); exit(1); } } while (0)

#define ONE    (1UL << 23)
#define TWO    (2UL << 23)
#define THREE  (3UL << 23)

static const ERR_STRING_DATA libraries[] = {{ONE, "library one"}, {TWO, "library two"}, {THREE, "library three"}, {0, NULL}};
static const ERR_STRING_DATA one[] = {{ONE | 1, "one"}, {ONE | 2, "two"}, {ONE | 1, "one again"}, {0, NULL}};
static const ERR_STRING_DATA later[] = {{ONE | 2, "two, later"}, {0, NULL}};
static const ERR_STRING_DATA common[] = {{1, "common"}, {0, NULL}};
static ERR_STRING_DATA many[200][2];

/* How many found no room. */
static int load(const ERR_STRING_DATA *text)
{
	int refused = 0;
	for (; text->error; text++)
		refused += !scratch_err_keep(text);
	return refused;
}

static void unload(const ERR_STRING_DATA *text)
{
	for (; text->error; text++)
		scratch_err_forget(text);
}

static int is(unsigned long error, const char *want)
{
	ERR_STRING_DATA wanted = {error, NULL}, *found = scratch_err_find(&wanted);
	return want ? found && found->error == error && strcmp(found->string, want) == 0 : !found;
}

int main(void)
{
	int refused = 0;

	CHECK(is(ONE, NULL));
	CHECK(!load(libraries) && !load(one) && !load(common));
	CHECK(is(ONE, "library one") && is(THREE, "library three") && is(ONE | 2, "two"));
	CHECK(is(ONE | 1, "one again") && is(ONE | 3, NULL) && is(0, NULL) && is(TWO | 1, NULL) && is(1, "common"));

	CHECK(!load(libraries) && !load(later));
	CHECK(is(ONE | 2, "two, later") && is(TWO, "library two"));
	unload(later);
	CHECK(is(ONE | 2, "two") && is(ONE, "library one"));
	CHECK(!load(later) && is(ONE | 2, "two, later"));

	/* As often as OpenSSL does, libraries take no room but the first time. */
	for (int i = 0; i < 500; i++)
		CHECK(!load(libraries) && !load(one));
	for (int i = 0; i < 200; i++) {
		many[i][0] = (ERR_STRING_DATA) {TWO | (1000 + i), "many"};
		refused += load(many[i]);
	}
	CHECK(refused > 60 && refused < 80);
	CHECK(is(TWO | 1000, "many") && is(TWO | 1100, "many") && is(TWO | 1199, NULL));
	CHECK(is(THREE, "library three") && is(ONE | 1, "one again"));
	puts("done");
	return 0;
}
