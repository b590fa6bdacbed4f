CREATE TABLE "goals" (
	"run_key" text PRIMARY KEY NOT NULL,
	"app_id" text NOT NULL,
	"campaign" text NOT NULL,
	"version" integer NOT NULL,
	"at" bigint NOT NULL,
	"value" numeric,
	"step_id" text
);
--> statement-breakpoint
CREATE INDEX "goals_by_campaign" ON "goals" USING btree ("campaign","at");