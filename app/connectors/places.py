"""How places of an account are given out, as one step inside Redis: who asks, who holds, who was missed.

``places:{account}`` is a hash, holder → ``count:backfill:wanted:ends:missed``, with the field ``@live`` for the moment live
work was last wanted. ``places-since`` says since when this Redis remembers; young means that it was flushed.
"""

TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local me = ARGV[1]
local live, backfill, busy_live, busy_backfill = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local held, limit, kept = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local lasts, settle, quiet = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])

local since = tonumber(redis.call('GET', KEYS[2]) or '')
if not since then
  since = now
  redis.call('SET', KEYS[2], now)
end

local others, others_backfill, claimants, wanting = 0, 0, 1, false
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local who, entry = fields[i], fields[i + 1]
  if who ~= me and who ~= '@live' then
    local count, back, wants, ends, missed = string.match(entry, '^(%d+):(%d+):(%d+):(%d+):(%d+)$')
    count, back, wants, ends, missed = tonumber(count), tonumber(back), tonumber(wants), tonumber(ends), tonumber(missed)
    if now > ends and missed == 0 then
      missed = now
      redis.call('HSET', KEYS[1], who, string.format('%d:%d:0:%d:%d', count, back, ends, missed))
    end
    if now > ends and now - missed >= settle then
      redis.call('HDEL', KEYS[1], who)
    else
      others, others_backfill = others + count, others_backfill + back
      if now <= ends and wants > 0 then
        claimants = claimants + 1
        if wants > count then wanting = true end
      end
    end
  end
end

if live > 0 then redis.call('HSET', KEYS[1], '@live', now) end
local seen = tonumber(redis.call('HGET', KEYS[1], '@live') or '0')
if now - seen >= quiet then kept = 0 end

local room = math.max(0, limit - others)
if now - since < settle then room = math.min(room, held) end
if wanting then room = math.min(room, math.max(1, math.floor(limit / claimants))) end
local for_live = math.min(live, room)
local for_backfill = math.max(0, math.min(backfill, room - for_live, limit - kept - others_backfill))

-- Requests under way cannot be called back: they count until they end.
local busy = busy_live + busy_backfill
local count = math.max(for_live + for_backfill, math.min(busy, held))
local back = math.max(for_backfill, busy_backfill)
if count == 0 and live + backfill == 0 then
  redis.call('HDEL', KEYS[1], me)
else
  redis.call('HSET', KEYS[1], me, string.format('%d:%d:%d:%d:0', count, back, live + backfill, now + lasts))
end
return {for_live + for_backfill, for_backfill}
"""
