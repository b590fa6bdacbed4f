import { keyIn } from '../../../campaign/texts/message-kinds.ts'
import { createTranslation, type HoleKind, type MessageTable } from '../../../shared/message-texts.ts'
import { literalIn, optionsIn } from './message-kinds.ts'

/** What a person at a screen reads of messages that are written for programs: those of zod, and those about headers. */
export const PLAIN_ENGLISH: MessageTable = {
  'Invalid input: expected {type}, received undefined': 'is required',
  'Invalid input: expected {type:type}, received {given}': 'must be {type}',
  'Invalid input: expected {value:literal}': 'must be {value}',
  'Invalid option: expected one of {values:options}': 'must be one of: {values}',
  'Too small: expected string to have >=1 characters': 'is required',
  'Too small: expected string to have >={n:num} characters': 'needs at least {n} characters',
  'Too big: expected string to have <={n:num} characters': 'has more than {n} characters',
  'Too small: expected array to have >=1 items': 'needs at least one',
  'Too small: expected array to have >={n:num} items': 'needs at least {n}',
  'Too big: expected array to have <={n:num} items': 'has more than {n}',
  'Too small: expected {type} to be >={n:num}': 'must be at least {n}',
  'Too small: expected {type} to be >{n:num}': 'must be more than {n}',
  'Too big: expected {type} to be <={n:num}': 'must be at most {n}',
  'Too big: expected {type} to be <{n:num}': 'must be less than {n}',
  'Invalid string: must match pattern {pattern}': 'has not the right form',
  'Invalid ISO date': 'must be a day, like 2026-11-30',
  'Invalid ISO datetime': 'must be a time with a zone, like 2026-11-30T00:00:00+08:00',
  'Invalid URL': 'must be an address like https://example.com',
  'Invalid key in record': 'has a name that is not right',
  'Invalid value in record': 'has a value that is not right',
  'The request has invalid fields.': 'Some fields are not right.',
  'Somebody else has changed {what}. {then}; {now}. Read it again, compare, and repeat the call with {header}.':
    'Somebody else has changed {what}. {then}; {now}. Compare both, then decide which one to keep.',
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a set of fields',
  record: 'a set of names and values',
  date: 'a date',
  file: 'a file',
}

const KINDS: Readonly<Record<string, HoleKind>> = {
  type: keyIn(TYPES),
  literal: literalIn,
  options: (list) => optionsIn(list).join(', '),
}

/** The plain text of a message of the API; null: the message is plain. */
export const plainEnglish = createTranslation([PLAIN_ENGLISH], KINDS)
