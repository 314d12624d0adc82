import { postgresSql } from '../servers/clients.mjs';
import { postgresHarness } from '../servers/postgres-harness.mjs';

export const harness = postgresHarness('postgres', import.meta.url, postgresSql, 'row');
