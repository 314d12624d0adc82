import { pgPool } from '../servers/clients.mjs';
import { postgresHarness } from '../servers/postgres-harness.mjs';

export const harness = postgresHarness('pg', import.meta.url, pgPool);
