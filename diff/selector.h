/*
 * Selectors: which nodes of a tree a rule is about. Input: a selector of one of three languages, a
 * tree. Output: nodes. Knows nothing of rules. What is not in these subsets is an error with its
 * place, never silently something else.
 *
 *     CSS      tag  *  #id  .class  [attr]  [attr=value]  [attr^=value]  $=  *=  ~=
 *              :first-child  :last-child  :nth-child(N)  (odd)  (even)
 *              a b   a > b   a + b   a ~ b   a, b            elements of HTML and XML; in tags and
 *                                                            attributes' names case does not count
 *     JSON     $   .name   ['name']   [3]   [*]   .*   ..name   ..*   ..[3]      values
 *     XPath    /a/b   //b   *   a[3]   [@attr]   [@attr='value']   a/@attr   a | b
 *                                                            elements; case counts
 *
 * Conditions are held against what the page said, also where an earlier rule changed it; what an
 * earlier rule took out or masked as a whole is not found.
 */
#ifndef TALLY_SELECTOR_H
#define TALLY_SELECTOR_H

#include "tree.h"

#include "base/error.h"

enum selector_language { SELECTOR_CSS, SELECTOR_JSON, SELECTOR_XPATH };

struct selector; /* opaque; may be shared by threads */

/* ERR_USAGE with a sentence, and *offset: the byte of the text that is wrong. */
bool selector_parse(enum selector_language language, const char *text, struct selector **selector,
                    size_t *offset, struct err *err) MUST_CHECK;
void selector_free(struct selector *selector); /* NULL is fine */

enum selector_language selector_language(const struct selector *selector);
/* The attribute that an XPath ends with ("//a/@href"), or NULL. */
const char *selector_attribute(const struct selector *selector);

/* The nodes that it finds, in document order, each once; *nodes is owned by the caller. Of a JSON
 * tree, values: never a TREE_MEMBER. Time is at most the tree's nodes times the selector's steps.
 */
size_t selector_find(const struct selector *selector, const struct tree *tree, uint32_t **nodes);

#endif
