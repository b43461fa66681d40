-- admit_token_bucket: admits at a rate and up to a capacity that the script itself keeps: however many schedulers call it,
-- and however often, no more users are let in than one of them would have let in. So it needs no lock.
--
-- KEYS[1]  waiting set (ZSET)
-- KEYS[2]  active set (ZSET): member = user, score = when the token expires, ms
-- KEYS[3]  what the keys of tokens (HASH) begin with; the user id follows
-- KEYS[4]  bucket (HASH): users = how many may be admitted, atMs = when that was so; full if it does not exist
-- ARGV[1]  size of the bucket, and so the most users to admit at once; an integer >= 0
-- ARGV[2]  when their tokens expire, ms since 1970
-- ARGV[3]  seconds that a token lives, an integer from 1
-- ARGV[4]  users a second that flow into the bucket, a number > 0
-- ARGV[5]  most users who may be active at once, an integer >= 0
--
-- Reply: how many users were admitted.
--
-- Cost: TIME, HMGET, ZREMRANGEBYSCORE, ZCARD, ZPOPMIN, HSET, and 3 calls a user (ZADD, HSET, EXPIRE). The time is the server's: clocks of schedulers differ. Members of the active set whose time is over hold no
-- capacity any more; they are removed first, or capacity would leak away.

local active, tokenPrefix, expiresAtMs, ttlSeconds = KEYS[2], KEYS[3], ARGV[2], ARGV[3]
local size, perSec, capacity = tonumber(ARGV[1]), tonumber(ARGV[4]), tonumber(ARGV[5])

if not (expiresAtMs:match("^%d+$") and ttlSeconds:match("^[1-9]%d*$") and #ttlSeconds < 10) then
  return redis.error_reply("ERR admit_token_bucket: expected the expiry in ms and 1 to 999999999 seconds to live")
end
if not (size and size >= 0 and perSec and perSec > 0 and capacity and capacity >= 0) then
  return redis.error_reply("ERR admit_token_bucket: expected the bucket's size, a rate and a capacity")
end

local time = redis.call("TIME")
local nowMs = time[1] * 1000 + time[2] / 1000
local bucket = redis.call("HMGET", KEYS[4], "users", "atMs")
local users = size
if bucket[1] then
  -- A clock that was set back adds nothing.
  local elapsedMs = math.max(0, nowMs - tonumber(bucket[2]))
  users = math.min(size, tonumber(bucket[1]) + elapsedMs * perSec / 1000)
end

redis.call("ZREMRANGEBYSCORE", active, "-inf", string.format("%.0f", nowMs))
local count = math.max(0, math.floor(math.min(users, capacity - redis.call("ZCARD", active))))
local popped = redis.call("ZPOPMIN", KEYS[1], count)
-- Member and score by turns.
for i = 1, #popped, 2 do
  local user = popped[i]
  local token = tokenPrefix .. user
  redis.call("ZADD", active, expiresAtMs, user)
  redis.call("HSET", token, "user", user, "expiresAtMs", expiresAtMs)
  redis.call("EXPIRE", token, ttlSeconds)
end
local admitted = #popped / 2
redis.call("HSET", KEYS[4], "users", string.format("%.3f", users - admitted), "atMs", string.format("%.3f", nowMs))
return admitted
