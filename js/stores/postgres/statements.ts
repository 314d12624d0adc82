/** The statements for a table. Each takes one parameter, which is a text: so every client sends it the same way. */
export interface Statements {
  /** The quoted name of the table. */
  name: string;
  create: string;
  /** Takes a JSON array of keys. */
  load: string;
  /** Takes a key. */
  lock: string;
  /** Takes a JSON array of `Change`, and gives the keys that were written. */
  save: string;
}

export function statementsOf(schema: string | undefined, table: string): Statements {
  const name = schema === undefined ? quoted(table) : `${quoted(schema)}.${quoted(table)}`;
  // A column of another type does not compile here, rather than at the first save.
  const select = `select key, coalesce(value, 'null'::jsonb)::text as value, version::text as version from ${name} where key =`;
  return {
    name,
    create: `create table if not exists ${name} (
  key text collate "C" primary key,
  value jsonb not null,
  version bigint not null default txid_current()
)`,
    load: `${select} any (array (select json_array_elements_text($1::text::json)))`,
    lock: `${select} $1::text for no key update`,
    // The rows are locked in the order of their keys, and only then changed: so two such statements never wait for each other.
    // A new record begins with the number of its transaction: a version that a deleted record of the key has not had.
    save: `with given as (
  select * from jsonb_to_recordset($1::text::jsonb) as given (key text, value jsonb, version bigint, gone boolean)
), locked as (
  select given.* from ${name} as stored join given using (key, version) order by key for no key update of stored
), updated as (
  update ${name} as stored set value = coalesce(locked.value, 'null'), version = stored.version + 1
  from locked where stored.key = locked.key and locked.gone is null returning stored.key
), deleted as (
  delete from ${name} as stored using locked where stored.key = locked.key and locked.gone returning stored.key
), inserted as (
  insert into ${name} as stored (key, value, version)
  select key, coalesce(value, 'null'), txid_current() from given where version is null order by key
  on conflict (key) do nothing returning key
)
select key from updated union all select key from deleted union all select key from inserted`,
  };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
