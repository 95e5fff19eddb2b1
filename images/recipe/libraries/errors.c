/*
 * The texts of OpenSSL's errors, found in the constant tables that have them. OpenSSL
 * makes a hash table of all 1500 first, whenever it starts: a twelfth of what nginx's
 * start executes. A log has few of them.
 */
#include <openssl/err.h>

#define TABLES 128

static struct table {
    const ERR_STRING_DATA *first, *end;
} tables[TABLES], *current, *last = tables;

int scratch_err_keep(const ERR_STRING_DATA *text);
ERR_STRING_DATA *scratch_err_find(const ERR_STRING_DATA *wanted);
void scratch_err_forget(const ERR_STRING_DATA *text);

/*
 * Tables come entry by entry, in order, and some of them again for each that comes
 * after. 0 if there is no room for another: that one is for OpenSSL's hash table.
 */
int scratch_err_keep(const ERR_STRING_DATA *text)
{
    if (current && text > current->first && text <= current->end) {
        if (text == current->end)
            current->end++;
        return 1;
    }
    for (current = tables; current < last; current++)
        if (current->first == text)
            return 1;
    current = NULL;
    if (last == tables + TABLES)
        return 0;
    current = last++;
    current->first = text;
    current->end = text + 1;
    return 1;
}

/*
 * What came last is what counts. A table is of one library, but for that of the
 * libraries' names, which have no reason.
 */
ERR_STRING_DATA *scratch_err_find(const ERR_STRING_DATA *wanted)
{
    for (struct table *t = last; t-- > tables;) {
        if (ERR_GET_REASON(wanted->error) && t->first < t->end
            && ERR_GET_LIB(wanted->error) != ERR_GET_LIB(t->first->error))
            continue;
        for (const ERR_STRING_DATA *text = t->end; text-- > t->first;)
            if (text->error == wanted->error)
                return (ERR_STRING_DATA *) text;
    }
    return NULL;
}

/* Tables go as they came. */
void scratch_err_forget(const ERR_STRING_DATA *text)
{
    for (struct table *t = tables; t < last; t++)
        if (t->first == text && t->first < t->end)
            t->first++;
}
