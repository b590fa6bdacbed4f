import { type SQL, sql } from 'drizzle-orm'

/**
 * What the answered rows of the inbox add to the statistics of the campaigns that answered, a row for each group: `campaign,
 * version, app_id, day, scene, variant, step, metric, n`. `step` is the place of the row of `answers`, like `answers.0`. A callback
 * and its duplicates are one row of the inbox, so that each is counted once.
 * @param table `inbox`, or a subset of its rows
 */
export function answerMetrics(table: SQL): SQL {
  return sql`SELECT ${answeringCampaign(sql`i`)}, split_part(split_part(i.answered, '@', 2), '/', 1)::integer, i.app_id,
      ${answerDay(sql`i`)}, '', '', split_part(i.answered, '/', 2), 'answered', count(*)
    FROM ${table} i WHERE i.answered IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8`
}

/** The id of the campaign that has answered, as the index of the inbox has it. @param row the alias of the inbox row */
export function answeringCampaign(row: SQL): SQL {
  return sql`split_part(${row}.answered, '@', 1)`
}

/** The local day of an answer. @param row the alias of the inbox row */
export function answerDay(row: SQL): SQL {
  return sql`COALESCE(${row}.answered_day,
    to_char(to_timestamp(${row}.create_time / 1000.0) AT TIME ZONE 'UTC' + interval '8 hours', 'YYYY-MM-DD'))`
}
